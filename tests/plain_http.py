"""HTTP to this machine, without TLS.

Each of httpx's clients, and each of its functions makes one, reads all certificate authorities, in
case it is to be used for HTTPS: 20 ms of CPU, where a request takes one.
"""

import ssl
from functools import partial

import httpx

WITHOUT_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody."""

Client = partial(httpx.Client, verify=WITHOUT_TLS)
request = partial(httpx.request, verify=WITHOUT_TLS)
get = partial(httpx.get, verify=WITHOUT_TLS)
options = partial(httpx.options, verify=WITHOUT_TLS)
head = partial(httpx.head, verify=WITHOUT_TLS)
post = partial(httpx.post, verify=WITHOUT_TLS)
put = partial(httpx.put, verify=WITHOUT_TLS)
patch = partial(httpx.patch, verify=WITHOUT_TLS)
delete = partial(httpx.delete, verify=WITHOUT_TLS)
stream = partial(httpx.stream, verify=WITHOUT_TLS)
