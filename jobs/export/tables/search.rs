//! The search index: passages with their vectors.

use super::super::schema::{
    Kind::{Id, Int, Prose, Vector, Word},
    Of, Table, column,
};

pub(super) const CHUNKS: Table = Table {
    name: "chunks",
    about: "Passages that search finds, of transcripts and of summaries.",
    columns: &[
        column("id", Id, "c.id", "The passage."),
        column("coach_id", Id, "c.coach_id", "The coach."),
        column("session_id", Id, "c.session_id", "The session."),
        column("client_id", Id, "c.client_id", "The client whose summary it is, or who alone speaks in it.").or_null(),
        column("source", Word, "c.source", "utterances or summary."),
        column("version", Int, "c.version", "The summary's version.").or_null(),
        column("start_ms", Int, "c.start_ms", "Where it begins, in milliseconds from the start.").or_null(),
        column("end_ms", Int, "c.end_ms", "Where it ends.").or_null(),
        column("text", Prose, "c.text", "The words."),
    ],
    from: "chunks c",
    only: "",
    order: "c.id",
    of: OF_CHUNK,
};

/// A passage of several people's words is no client's in particular, so it isn't in a client's export.
const OF_CHUNK: Of = Of::client_of("c.session_id", "coalesce(c.client_id, '00000000-0000-0000-0000-000000000000')");

pub(super) const EMBEDDINGS: Table = Table {
    name: "embeddings",
    about: "Vectors of passages, one row for each passage and model.",
    columns: &[
        column("chunk_id", Id, "e.chunk_id", "The passage."),
        column("model", Word, "e.model", "The model; vectors of different models can't be compared."),
        column("embedding", Vector, "e.embedding::real[]", "The vector."),
    ],
    from: "embeddings e join chunks c on c.id = e.chunk_id",
    only: "",
    order: "e.chunk_id, e.model collate \"C\"",
    of: OF_CHUNK,
};
