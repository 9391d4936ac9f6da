//! A sentence embedder that runs in this process: all-MiniLM-L6-v2, with candle, on the CPU.
//!
//! Reads a folder with the model's files ([`FILES`]) on first use; writes nothing. It does what sentence-transformers
//! does with this model: at most 256 word pieces, the mean of the last layer over the text's pieces, length 1. The
//! vectors are stored: a change of the output needs a new [`MODEL`].

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use rayon::prelude::*;
use tokenizers::{Tokenizer, TruncationParams};

/// The model's name, and its folder's.
pub const NAME: &str = "all-MiniLM-L6-v2";
/// The files that a model's folder must contain.
pub const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];
/// The name under which its vectors are stored.
pub(super) const MODEL: &str = "all-MiniLM-L6-v2-384";
/// The dimensions of a vector.
pub(super) const DIMENSIONS: usize = 384;

/// Texts per pass: enough for large multiplications, few enough to have similar lengths.
const BATCH: usize = 32;
/// The maximum number of word pieces that the model reads, including the two at the ends.
const MOST_PIECES: usize = 256;

/// The model in a folder, loaded on first use.
pub struct Local {
    folder: PathBuf,
    loaded: OnceLock<Result<Loaded, LocalError>>,
}

/// The local model can't be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("can't use the local model in {folder}: {problem}; download it again with `debrief models get --force`")]
pub struct LocalError {
    folder: String,
    problem: String,
}

struct Loaded {
    tokenizer: Tokenizer,
    model: BertModel,
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Local {
    /// The model in `folder`; `None` if its files are missing. Doesn't load anything yet.
    #[must_use]
    pub fn find(folder: &Path) -> Option<Self> {
        let there = FILES.iter().all(|file| folder.join(file).is_file());
        there.then(|| Self { folder: folder.to_owned(), loaded: OnceLock::new() })
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Embeds `texts`, in order, as vectors of length 1. Keeps all CPUs busy: don't call it on a runtime thread.
    ///
    /// # Errors
    /// Returns an error if the model can't be loaded.
    pub fn embed<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Result<Vec<Vec<f32>>, LocalError> {
        let loaded = self.loaded.get_or_init(|| Loaded::read(&self.folder).map_err(|problem| self.error(problem)));
        let loaded = loaded.as_ref().map_err(Clone::clone)?;
        loaded.embed(texts).map_err(|problem| self.error(problem))
    }

    fn error(&self, problem: Problem) -> LocalError {
        LocalError { folder: self.folder.display().to_string(), problem: problem.to_string() }
    }
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

impl Loaded {
    fn read(folder: &Path) -> Result<Self, Problem> {
        let [config, tokenizer, weights] = FILES.map(|file| folder.join(file));
        let config: Config = serde_json::from_slice(&fs::read(config)?)?;
        let mut tokenizer = Tokenizer::from_file(tokenizer)?;
        // The file's own settings are those of training: 128 pieces, padded to that length.
        let truncation = TruncationParams { max_length: MOST_PIECES, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation))?;
        tokenizer.with_padding(None);
        let weights = VarBuilder::from_buffered_safetensors(fs::read(weights)?, DType::F32, &Device::Cpu)?;
        Ok(Self { tokenizer, model: BertModel::load(weights, &config)? })
    }

    fn embed<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Result<Vec<Vec<f32>>, Problem> {
        let pieces: Vec<Vec<u32>> = texts
            .par_iter()
            .map(|text| Ok(self.tokenizer.encode_fast(text.as_ref(), true)?.get_ids().to_vec()))
            .collect::<Result<_, Problem>>()?;
        // A batch is as wide as its longest text: texts of one length go together, longest first, so that no CPU is
        // left with a long batch at the end.
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(pieces[*at].len()));
        let batches: Vec<&[usize]> = order.chunks(BATCH).collect();
        let done: Vec<Vec<Vec<f32>>> = batches
            .par_iter()
            .with_max_len(1)
            .map(|batch| self.pass(&batch.iter().map(|at| pieces[*at].as_slice()).collect::<Vec<_>>()))
            .collect::<Result<_, candle_core::Error>>()?;
        let mut vectors = vec![Vec::new(); texts.len()];
        for (at, vector) in order.into_iter().zip(done.into_iter().flatten()) {
            vectors[at] = vector;
        }
        Ok(vectors)
    }

    /// Runs one batch through the model.
    fn pass(&self, batch: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let width = batch.iter().map(|pieces| pieces.len()).max().unwrap_or_default();
        let (mut ids, mut mask) = (Vec::new(), Vec::new());
        for pieces in batch {
            let filled = |value: u32| std::iter::repeat_n(value, width - pieces.len());
            ids.extend(pieces.iter().copied().chain(filled(0)));
            mask.extend(pieces.iter().map(|_| 1_u32).chain(filled(0)));
        }
        let shape = (batch.len(), width);
        let ids = Tensor::from_vec(ids, shape, &Device::Cpu)?;
        let mask = Tensor::from_vec(mask, shape, &Device::Cpu)?;
        let hidden = self.model.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        let mask = mask.to_dtype(DType::F32)?.unsqueeze(2)?;
        let mean = hidden.broadcast_mul(&mask)?.sum(1)?.broadcast_div(&mask.sum(1)?)?;
        let length = mean.sqr()?.sum_keepdim(1)?.sqrt()?.maximum(1e-12)?;
        mean.broadcast_div(&length)?.to_vec2()
    }
}
