"""The sandbox's partner: a faithful Clash of Clans API with its developer portal, badges and echo.

It checks what the real one checks (the token, and the address that a call comes from) and answers
with the real one's errors, to the letter.
"""
