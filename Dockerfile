FROM python:3.13-slim AS build
WORKDIR /egret
RUN python -m venv /venv
COPY requirements.lock .
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.13-slim
WORKDIR /egret
RUN useradd --system --uid 10001 egret && install -d -o egret /data
COPY --from=build /venv /venv
COPY alembic.ini ./
COPY webapp webapp
COPY templates templates
COPY static static
COPY migrations migrations
COPY lambda_templates lambda_templates
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 \
    EGRET_CLOUD=aws EGRET_HOST=0.0.0.0 EGRET_PORT=8000 EGRET_DATA_DIR=/data EGRET_LOG_FORMAT=json
USER egret
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=15s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["python", "-m", "webapp", "serve"]
