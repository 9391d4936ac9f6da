"""A real SMTP server (aiosmtpd) for the tests, which misbehaves by script.

usage: smtp_server.py FOLDER. Prints the port it got. Appends each message that it has taken to FOLDER/messages.jsonl,
decoded, before it answers. Whoever logs in is maya with the password p@ss. The local part of the recipient says how it
behaves:

  refused          550 to RCPT                      refused-data   550 to the message
  later            451 to RCPT, the first time      throttled      454 to the message, the first time
  dropped-early    hangs up at RCPT, the first time
  dropped          takes the message and hangs up without an answer, the first time
  hung             takes the message and never answers, the first time
  slow             takes the message and answers once FOLDER/release exists

It does not answer to the first RCPT to an address that FOLDER/hold-rcpt holds, nor to the DATA of the first message to one
that FOLDER/hold-data holds, before FOLDER/release exists; when it has come that far, FOLDER/held exists.

usage: smtp_server.py --decode FILE…  Prints .eml files decoded in the same way.
"""

import asyncio
import email
import email.policy
import json
import os
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder = sys.argv[1]
seen = set()


def first_time(name):
    if name in seen:
        return False
    seen.add(name)
    return True


def local_part(address):
    return address.split("@")[0]


async def released():
    while not os.path.exists(os.path.join(folder, "release")):
        await asyncio.sleep(0.01)


async def hold(step, address):
    """Keeps the first conversation with this address waiting at this step, where the test has asked for it."""
    path = os.path.join(folder, "hold-" + step)
    if os.path.exists(path) and open(path).read() == address and first_time((step, address)):
        open(os.path.join(folder, "held"), "w").close()
        await released()


def decode(content):
    message = email.message_from_bytes(content, policy=email.policy.default)

    def part(kind):
        body = message.get_body((kind,))
        return body.get_content() if body else ""

    return {
        "from": message["From"].addresses[0].addr_spec,
        "to": [address.addr_spec for address in message["To"].addresses],
        "message_id": message["Message-ID"],
        # As every reader takes the headers apart: names and addresses.
        "mailboxes": {
            name: [[one.display_name, one.addr_spec] for one in message[name].addresses]
            for name in ("From", "To", "Reply-To")
            if message[name]
        },
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": part("plain"),
        "html": part("html"),
        "longest_line": max(len(line) for line in content.split(b"\r\n")),
    }


def record(envelope):
    # Who it really went to is what the envelope says.
    entry = decode(envelope.content) | {"from": envelope.mail_from, "to": envelope.rcpt_tos}
    with open(os.path.join(folder, "messages.jsonl"), "a") as file:
        file.write(json.dumps(entry) + "\n")


def authenticate(server, session, envelope, mechanism, login):
    return AuthResult(success=(login.login, login.password) == (b"maya", b"p@ss"))


class Server(SMTP):
    async def smtp_DATA(self, arg):
        # Before the 354: the message has not begun to flow.
        await hold("data", self.envelope.rcpt_tos[0] if self.envelope.rcpt_tos else "")
        return await super().smtp_DATA(arg)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        who = local_part(address)
        if who == "refused":
            return f"550 5.1.1 <{address}>: Recipient address rejected"
        if who == "later" and first_time(who):
            return "451 4.7.1 Greylisted, please try again later"
        if who == "dropped-early" and first_time(who):
            server.transport.abort()
            return "421 going away"
        await hold("rcpt", address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        who = local_part(envelope.rcpt_tos[0])
        if who == "refused-data":
            return "550 5.7.1 Content refused"
        if who == "throttled" and first_time(who):
            return "454 Throttling failure: Maximum sending rate exceeded."
        record(envelope)
        if who == "dropped" and first_time(who):
            server.transport.abort()
        if who == "hung" and first_time(who):
            await asyncio.sleep(3600)
        if who == "slow":
            await released()
        return "250 OK"


async def main():
    loop = asyncio.get_running_loop()
    options = {"hostname": "mail.test", "enable_SMTPUTF8": True, "authenticator": authenticate, "auth_require_tls": False}
    server = await loop.create_server(lambda: Server(Handler(), **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The test holds our standard input open: when it ends, however it ends, so do we.
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


if folder == "--decode":
    for path in sys.argv[2:]:
        with open(path, "rb") as file:
            print(json.dumps(decode(file.read())))
else:
    asyncio.run(main())
