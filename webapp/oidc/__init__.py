"""The provider that signs people in, by OpenID Connect. authlib is spoken here alone.

    roles       which claims give which role: EGRET_OIDC_ROLES
    documents   what the provider says of itself, and its keys, kept for a while
    id_tokens   whether an ID token is genuine, new, and for us
    provider    Provider: where people are sent, and who they are when they come back

As OpenID Connect Core 1.0, Discovery 1.0, and RFC 9700 ("Best Current Practice for OAuth 2.0
Security") have it: the authorization code flow with PKCE (S256), state, nonce, and an exact
redirect URI.
"""
