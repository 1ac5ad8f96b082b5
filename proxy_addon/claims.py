"""Header fields that only a proxy may set: where a request is said to come from, and for whom.

Nobody is believed here, so none of them is read; and none goes out, since a site behind us might believe it.
Whole families go, because their members are many. A server that takes `_` for `-` (CGI and its children do)
reads `X_Forwarded_For` as the field it looks like, so it is one here.
"""

from functools import lru_cache

FAMILIES = (
    b"x-forwarded",
    b"x-forward-",
    b"x-original-",
    b"x-originating-",
    b"x-rewrite-",
    b"x-envoy-",
    b"x-proxyuser-",
    b"x-real-",
    b"x-remote-",
    b"x-cluster-client-",
    b"x-coming-from",
    b"x-authenticated-",
    b"x-auth-request-",
    b"x-http-forwarded-",
    b"x-webauth-",
    b"x-iisnode-",
    b"x-bluecoat-",
    b"x-schoolgate-",
    b"x-ssl-client-",
    b"x-client-cert-",
    b"x-pomerium-",
    b"x-vouch-",
    b"x-amzn-oidc-",
    b"x-goog-authenticated-",
    b"x-ms-client-principal",
    b"cf-access-authenticated-",
    b"cf-connecting-",
    b"cf-pseudo-",
    b"forwarded-",
    b"http-forwarded",  # what a server makes of a field for its scripts
    b"http-x-forwarded-",
    b"remote-",
    b"ssl-client-",
    b"tailscale-",
    b"z-forwarded-",
)
NAMES = frozenset(
    {
        b"forwarded",
        b"via",
        b"cdn-loop",
        b"proxy",  # a script behind CGI takes it for its own way out
        b"client-ip",
        b"http-client-ip",
        b"true-client-ip",
        b"fastly-client-ip",
        b"fastly-client",
        b"fly-client-ip",
        b"incap-client-ip",
        b"ali-cdn-real-ip",
        b"cdn-src-ip",
        b"cdn-real-ip",
        b"wl-proxy-client-ip",
        b"proxy-client-ip",
        b"proxy-authorization",
        b"real-ip",
        b"remote-addr",
        b"remote-user",
        b"source-ip",
        b"ssl-client-cert",
        b"x-arr-clientcert",
        b"x-appengine-user-ip",
        b"x-appengine-remote-addr",
        b"x-azure-clientip",
        b"x-azure-fdid",
        b"x-azure-requestchain",
        b"x-azure-socketip",
        b"x-backend-host",
        b"x-client-cert",
        b"x-client-ip",
        b"x-clientip",
        b"x-custom-ip-authorization",
        b"x-from-ip",
        b"x-gateway-host",
        b"x-host",
        b"x-http-destinationurl",
        b"x-http-host-override",
        b"x-ip",
        b"x-originally-forwarded-for",
        b"x-proxy-authorization",
        b"x-server-name",
        b"x-source-ip",
        b"x-ssl-client-cert",
        b"x-true-client-ip",
        b"x-true-ip",
        b"x-url-scheme",
        b"x-user-ip",
        b"x-webauth-user",
    }
)


@lru_cache(maxsize=4096)
def is_claim(name: bytes) -> bool:
    """`name` in lower case."""
    plain = name.replace(b"_", b"-")
    return plain in NAMES or plain.startswith(FAMILIES)
