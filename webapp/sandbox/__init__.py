"""The sandbox: an embedded AWS, a NAT and a partner, each a process of its own on 127.0.0.1.

To the rest of Egret it is another endpoint; only the `egret` command knows that it exists.
"""
