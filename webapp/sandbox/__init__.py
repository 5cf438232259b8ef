"""The sandbox: an embedded AWS, a NAT and a partner, each in its own process on 127.0.0.1.

To the rest of Egret it is another endpoint. Only the `egret` command knows that it exists.
"""
