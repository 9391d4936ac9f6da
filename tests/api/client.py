"""Takes a session from upload to export, with a client that was generated from the API's document.

Usage: client.py URL KEY TRANSCRIPT. Prints one line of JSON at the end.
"""

import json
import sys
import time
from io import BytesIO

from debrief_client import AuthenticatedClient
from debrief_client.api.clients import list_clients
from debrief_client.api.exports import download_export, get_export, start_export
from debrief_client.api.follow_ups import approve_summary, preview_letter
from debrief_client.api.me import get_me
from debrief_client.api.organization import change_organization, get_organization
from debrief_client.api.sessions import change_session, get_session, list_utterances
from debrief_client.api.speakers import list_speakers, name_speakers
from debrief_client.api.summaries import edit_summary, get_summary, list_summaries
from debrief_client.api.transcripts import get_upload, upload_transcript
from debrief_client.models import (
    AddedClaim,
    ChangeOrganization,
    ChangeSession,
    EditSummary,
    NamedSpeaker,
    NameSpeakers,
    Section,
    Signature,
    SignedRecipient,
    UploadForm,
)
from debrief_client import models
from debrief_client.types import File


def wait(what, look):
    """Asks until there is an answer."""
    end = time.monotonic() + 110
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise SystemExit(f"waited in vain for {what}")


def good(response):
    """The answer, if it is a good one."""
    if response.status_code >= 300:
        raise SystemExit(f"{response.status_code}: {response.content!r}")
    return response.parsed


def main(url, key, path):
    client = AuthenticatedClient(base_url=url, token=key)
    me = good(get_me.sync_detailed(client=client))
    assert "summaries:approve" in [str(right) for right in me.rights], me

    with open(path, "rb") as file:
        form = UploadForm(file=File(payload=BytesIO(file.read()), file_name="2026-11-20 Budget.txt"))
    upload = good(upload_transcript.sync_detailed(client=client, body=form))

    def session_in(state):
        status = get_upload.sync(client=client, object_key=upload.object_key)
        return status.session_id if str(status.session_state) == state else None

    session = wait("the session's speakers to be asked for", lambda: session_in("waiting_for_speakers"))
    speakers = good(list_speakers.sync_detailed(session, client=client)).items
    unknown = next(speaker.label for speaker in speakers if speaker.who is None)
    tom = next(one for one in good(list_clients.sync_detailed(client=client)).items if one.name == "Tom Becker")
    who = models.SpeakerIsType1.from_dict({"kind": "client", "client_id": str(tom.id)})
    good(name_speakers.sync_detailed(session, client=client, body=NameSpeakers([NamedSpeaker(is_=who, label=unknown)])))

    wait("the review", lambda: session_in("in_review"))
    said = good(list_utterances.sync_detailed(session, client=client)).items
    shown = get_session.sync_detailed(session, client=client)
    etag = shown.headers["etag"]
    change = ChangeSession(title="Budget")
    good(change_session.sync_detailed(session, client=client, body=change, if_match=etag))

    line = good(list_summaries.sync_detailed(client=client, session_id=session)).items[0]
    read = get_summary.sync_detailed(line.id, client=client)
    cited = [evidence.utterance_id for claim in good(read).claims for evidence in claim.evidence]
    assert cited and set(cited) <= {utterance.id for utterance in said}, "claims cite what was said"
    add = EditSummary(add=[AddedClaim(section=Section.WINS, text="Tom came well prepared.")])
    summary = good(edit_summary.sync_detailed(line.id, client=client, body=add, if_match=read.headers["etag"]))
    letter = good(preview_letter.sync_detailed(line.id, client=client))
    assert "well prepared" in letter.text, letter
    recipient = SignedRecipient(email=letter.to_email, name=letter.to_name)
    signature = Signature(hash_=summary.hash_, version=summary.shown_version, recipient=recipient, as_they_are=True)
    approval = good(approve_summary.sync_detailed(line.id, client=client, body=signature))
    wait("the letter to go out", lambda: session_in("closed"))

    organization = get_organization.sync_detailed(client=client)
    allow = ChangeOrganization(admins_read_sessions=True)
    good(change_organization.sync_detailed(client=client, body=allow, if_match=organization.headers["etag"]))
    export = good(start_export.sync_detailed(client=client, body=models.ExportWish()))
    wait("the export", lambda: get_export.sync(export.id, client=client).finished_at)
    file = download_export.sync_detailed(export.id, "sessions", "csv", client=client)
    print(json.dumps({"approved": str(approval.outcome), "exported": file.content.decode()}))


main(*sys.argv[1:])
