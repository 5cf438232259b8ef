# The image has the dashboard alone: no sandbox, no tests, no compiler, and no pip in its environment.
#
# The base is named by digest, of the index for all processors. To renew it:
#     docker buildx imagetools inspect python:3.13-slim-trixie
# Put the version and the `Digest:` that it prints into the next line; `make image-check` tries the result.
ARG BASE=python:3.13.15-slim-trixie@sha256:8d9d0b8bcf6506481eae4907c18f5e3e7902e629f5f6d684f9e7c32e85e3ddf0

FROM ${BASE} AS build
WORKDIR /egret
RUN python -m venv --without-pip /venv
# To send traces (OpenTelemetry): --build-arg LOCK=requirements-otel.lock
ARG LOCK=requirements-image.lock
COPY ${LOCK} .
RUN python -m pip --python /venv/bin/python install --quiet --no-cache-dir --only-binary :all: --require-hashes -r ${LOCK}
COPY . .
RUN python -m compileall -q --invalidation-mode unchecked-hash webapp migrations
RUN printf '#!/venv/bin/python\nfrom webapp.__main__ import main\n\nmain()\n' > /venv/bin/egret && chmod 755 /venv/bin/egret

FROM ${BASE}
RUN groupadd --gid 10001 egret \
 && useradd --uid 10001 --gid 10001 --no-create-home egret \
 && install -d -o 10001 -g 10001 -m 700 /data
COPY --from=build /venv /venv
COPY --from=build /egret /egret
WORKDIR /egret
ENV PATH=/venv/bin:$PATH PYTHONPATH=/egret PYTHONUNBUFFERED=1 \
    AWS_CONFIG_FILE=/aws/config AWS_SHARED_CREDENTIALS_FILE=/aws/credentials \
    EGRET_CLOUD=aws EGRET_HOST=0.0.0.0 EGRET_PORT=8000 EGRET_DATA_DIR=/data EGRET_LOG_FORMAT=json
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=15s \
  CMD ["python", "-c", "import http.client, os, sys; server = http.client.HTTPConnection('127.0.0.1:' + os.environ['EGRET_PORT'], timeout=2); server.request('GET', '/healthz'); sys.exit(server.getresponse().status != 200)"]
ENTRYPOINT ["egret"]
CMD ["serve"]
