"""A mail server for tests: python smtp_server.py FOLDER. Writes FOLDER/server.json (ports, certificate, account), then
FOLDER/mails/<recipient>/<number>.json for each mail. What the recipient's name begins with says how it is treated:
reject (550), defer (451), once (451 the first time), hang (no answer)."""

import asyncio
import datetime
import email
import email.policy
import ipaddress
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

folder = pathlib.Path(sys.argv[1])
USER, PASSWORD = "aplomb", "only-for-tests"
deferred = set()


def certificate():
    """One authority and one server, for this run alone."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def made(name, key, issuer, issuer_key, is_authority):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(is_authority, None), True)
        )
        if not is_authority:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            usage = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH])
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False).add_extension(usage, False)
        return builder.sign(issuer_key, hashes.SHA256())

    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = made("Aplomb test authority", authority_key, "Aplomb test authority", authority_key, True)
    server = made("localhost", server_key, "Aplomb test authority", authority_key, False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    key = server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(server.public_bytes(pem) + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


class Mailbox:
    def __init__(self, way):
        self.way = way

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name.startswith("reject"):
            return "550 5.1.1 no such mailbox"
        if name.startswith("defer") or (name.startswith("once") and address not in deferred):
            deferred.add(address)
            return "451 4.7.1 later"
        if name.startswith("hang"):
            await asyncio.sleep(120)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
        arrived = {
            "way": self.way,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in message.items()],
            "parts": parts,
        }
        for address in envelope.rcpt_tos:
            box = folder / "mails" / address
            box.mkdir(parents=True, exist_ok=True)
            file = box / f"{len(list(box.iterdir()))}.json"
            unfinished = folder / f"unfinished-{address}"
            unfinished.write_text(json.dumps(arrived))
            unfinished.rename(file)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    ok = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=ok, handled=False, auth_data=data)


async def main():
    tls = certificate()
    signed_in = {"authenticator": authenticate, "auth_required": True}
    ways = {
        "plain": ({}, None),
        "starttls": ({"tls_context": tls, "require_starttls": True, **signed_in}, None),
        "implicit": ({"auth_require_tls": False, **signed_in}, tls),
    }
    loop, ports, servers = asyncio.get_running_loop(), {}, []
    for way, (options, context) in ways.items():
        def connected(way=way, options=options):
            return SMTP(Mailbox(way), hostname="localhost", **options)

        server = await loop.create_server(connected, "127.0.0.1", 0, ssl=context)
        ports[way] = server.sockets[0].getsockname()[1]
        servers.append(server)
    # Takes connections and says nothing.
    silent = await asyncio.start_server(lambda reader, writer: asyncio.sleep(600), "127.0.0.1", 0)
    ports["silent"] = silent.sockets[0].getsockname()[1]
    told = {"ports": ports, "user": USER, "password": PASSWORD, "ca": str(folder / "ca.pem"), "python": sys.executable}
    (folder / "server.json.part").write_text(json.dumps(told))
    (folder / "server.json.part").rename(folder / "server.json")
    await asyncio.gather(*(server.serve_forever() for server in [*servers, silent]))


asyncio.run(main())
