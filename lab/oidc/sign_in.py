"""Signs a user in at Canaille, and prints the answer of the token endpoint as JSON.

    sign_in.py ISSUER ROOT CLIENT SECRET USER PASSWORD

The authorization code flow of OpenID Connect (Core §3.1) with PKCE (RFC 7636): the pages, forms and redirects that a
browser would go through, and the client's own request at the end. ``ROOT`` is the file of the authority whose
certificate the issuer shows.
"""

import base64
import hashlib
import re
import secrets
import ssl
import sys

import httpx

issuer, root, client, secret, user, password = sys.argv[1:]
# No server listens there; the code is in its query.
redirect = f"{issuer}/signed-in"
verifier = secrets.token_urlsafe(48)
digest = hashlib.sha256(verifier.encode()).digest()
challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

# A provider that shares two cores with proxies can be slow.
http = httpx.Client(follow_redirects=True, timeout=60, verify=ssl.create_default_context(cafile=root))
page = http.get(
    f"{issuer}/oauth/authorize",
    params={
        "response_type": "code",
        "client_id": client,
        "redirect_uri": redirect,
        "scope": "openid email groups",
        "nonce": secrets.token_urlsafe(),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    },
)
for field, value in [("login", user), ("password", password)]:
    forgery = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    if forgery is None or f'name="{field}"' not in page.text:
        sys.exit(f"{page.url} has no form for `{field}`")
    # It accepts forms only from its own pages, and trusts `referer`.
    headers = {"referer": str(page.url)}
    page = http.post(page.url, data={field: value, "csrf_token": forgery[1]}, headers=headers)

code = page.url.params.get("code")
if code is None:
    sys.exit(f"no code at {page.url}")
answer = http.post(
    f"{issuer}/oauth/token",
    data={
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": verifier,
        "client_id": client,
        "client_secret": secret,
    },
)
print(answer.raise_for_status().text)
