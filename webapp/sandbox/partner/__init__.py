"""The sandbox's partner: a copy of the Clash of Clans API, its developer portal and its badges.

It checks what the real API checks (the token, and the address that a call comes from) and answers
with the same errors, word for word. The same process is also the echo service.
"""
