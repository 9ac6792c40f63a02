// laurel::decode_step: one token per row through a whole decoder, over its key-value cache: the composition of embedding,
// rms_norm, packed_linear, decode_attention and swiglu in one call. float32 on the CPU.
// laurel::branch_step: the same for rows that share the caches of their prompts and have one of their own for what
// follows.
//   h = x + attend(norm(x)) Oᵀ,   y = h + swiglu(norm(h) [G, U]ᵀ) Dᵀ   for each layer; logits = norm(y) Vᵀ
// Without the packed V, norm(y) is returned.
#include "decoder-parts.h"
#include "fused.h"

namespace laurel {
namespace {

using OptionalList = c10::List<c10::optional<at::Tensor>>;

// Rows for which one thread keeps its registers busy: with as many for every thread, each takes its own rows through all
// layers, and none waits for another; with fewer, threads share each product.
constexpr int64_t kRowsAlone = 16;

// What a step has in common for all layers.
struct DecodeStep {
  at::Tensor cosine, signedSine;
  OptionalTensor starts;
  int64_t length;
  double epsilon;
  // Of rows that share prompts; owners are null where none do.
  SharedPrompts prompts{};
};

// Of each layer, in order: 2 norms; 4 packed matrices (query-key-value, output, gate-up, down) and their biases; the
// norms of query and key heads; keys and values. Behind them the final norm and, where logits are wanted, the packed
// output matrix.
struct DecodeLayers {
  at::TensorList norms, packed;
  const OptionalList &biases, &headNorms;
  at::TensorList caches;
  // Keys and values of shared prompts, like caches; empty where none are.
  at::TensorList promptCaches = {};
};

// Rows `first` and after of the caches are x's.
at::Tensor decodeLayer(const at::Tensor& x, int64_t first, int64_t layer, const DecodeLayers& all,
                       const DecodeStep& step, int64_t gateUpFeatures) {
  const int64_t rows = x.size(0), channels = x.size(-1);
  const at::Tensor keys = all.caches[2 * layer].narrow(0, first, rows);
  const at::Tensor values = all.caches[2 * layer + 1].narrow(0, first, rows);
  const auto project = [&](const at::Tensor& input, int64_t index, int64_t features, const OptionalTensor& residual) {
    return packedLinear(input, all.packed[4 * layer + index], features, all.biases.get(4 * layer + index), residual);
  };
  const int64_t keyHeads = keys.size(1), width = keys.size(3);
  const at::Tensor normed = rmsNorm(x, all.norms[2 * layer], step.epsilon);
  const int64_t heads = all.packed[4 * layer + 1].size(1) / width;
  const at::Tensor together = project(normed, 0, (heads + 2 * keyHeads) * width, c10::nullopt);
  const at::Tensor split = together.view({rows, 1, heads + 2 * keyHeads, width});
  const OptionalTensor queryNorm = all.headNorms.get(2 * layer), keyNorm = all.headNorms.get(2 * layer + 1);
  const double scale = 1 / std::sqrt(static_cast<double>(width));
  const at::Tensor mixed =
      step.prompts.owners == nullptr
          ? decodeAttention(split, step.cosine, step.signedSine, keys, values, step.length, step.starts, queryNorm,
                            keyNorm, step.epsilon, scale)
          : branchAttention(split, step.cosine, step.signedSine, step.prompts, all.promptCaches[2 * layer],
                            all.promptCaches[2 * layer + 1], keys, values, step.length, queryNorm, keyNorm,
                            step.epsilon, scale);
  const at::Tensor attended = project(mixed, 1, channels, x);
  const at::Tensor gated = swiglu(project(rmsNorm(attended, all.norms[2 * layer + 1], step.epsilon), 2,
                                          gateUpFeatures, c10::nullopt));
  return project(gated, 3, channels, attended);
}

// The row of each position of a table [positions, 1, D]: one that all rows share, or one per row.
at::Tensor anglesAt(const at::Tensor& table, const OptionalTensor& starts, int64_t length) {
  TORCH_CHECK(table.dim() == 3 && table.size(0) > length, "angles ", table.sizes(), " end before place ", length);
  if (!starts.has_value() || !starts->defined()) return table.narrow(0, length, 1);
  return at::index_select(table, 0, (length - *starts)).unsqueeze(1);
}

// What a share of the rows takes from the step: its own angles and starts.
DecodeStep stepOf(const DecodeStep& all, int64_t first, int64_t rows) {
  DecodeStep own = all;
  if (own.prompts.owners != nullptr) own.prompts.owners += first;
  if (!all.starts.has_value() || !all.starts->defined()) return own;
  own.cosine = all.cosine.narrow(0, first, rows);
  own.signedSine = all.signedSine.narrow(0, first, rows);
  own.starts = all.starts->narrow(0, first, rows);
  return own;
}

// [R, 1, C] after every layer, written over the embeddings.
void decodeRows(at::Tensor& states, const DecodeLayers& all, const DecodeStep& step) {
  const int64_t rows = states.size(0), threads = at::get_num_threads();
  const auto layers = static_cast<int64_t>(all.caches.size() / 2);
  const int64_t shares = rows >= kRowsAlone * threads ? threads : 1;
  at::parallel_for(0, shares, 1, [&](int64_t begin, int64_t end) {
    at::NoGradGuard withoutGradient;
    for (int64_t share = begin; share < end; share++) {
      const int64_t first = rows * share / shares, count = rows * (share + 1) / shares - first;
      const DecodeStep own = stepOf(step, first, count);
      const at::Tensor part = states.narrow(0, first, count);
      at::Tensor x = part;
      for (int64_t layer = 0; layer < layers; layer++)
        x = decodeLayer(x, first, layer, all, own, 2 * all.packed[4 * layer + 3].size(1));
      std::memcpy(part.data_ptr<float>(), x.data_ptr<float>(), part.nbytes());
    }
  });
}

void checkLists(const DecodeLayers& all) {
  const auto layers = static_cast<int64_t>(all.caches.size() / 2);
  const auto has = [&](size_t size, int64_t each, int64_t more) {
    return static_cast<int64_t>(size) == each * layers + more;
  };
  const bool hasMatrices = has(all.packed.size(), 4, 0) || has(all.packed.size(), 4, 1);
  TORCH_CHECK(has(all.norms.size(), 2, 1) && hasMatrices && has(all.biases.size(), 4, 0) &&
                  has(all.headNorms.size(), 2, 0) && has(all.caches.size(), 2, 0) &&
                  (all.promptCaches.empty() || all.promptCaches.size() == all.caches.size()),
              "lists of ", all.norms.size(), " norms, ", all.packed.size(), " matrices, ", all.biases.size(),
              " biases, ", all.headNorms.size(), " head norms, ", all.caches.size(), " caches and ",
              all.promptCaches.size(), " prompts' caches are not of the same layers");
}

// Through all layers to the scores of the next tokens [R, V], or to the states before them [R, C].
at::Tensor scoresAfter(const at::Tensor& tokens, const at::Tensor& embeddings, const DecodeLayers& all,
                       const DecodeStep& step) {
  TORCH_CHECK(tokens.dim() == 2 && tokens.size(1) == 1, "expected [R, 1], found ", tokens.sizes());
  checkLists(all);
  at::NoGradGuard withoutGradient;
  const auto layers = static_cast<int64_t>(all.caches.size() / 2);
  at::Tensor states = at::embedding(embeddings, tokens);
  decodeRows(states, all, step);
  const at::Tensor normed = rmsNorm(states, all.norms[2 * layers], step.epsilon);
  if (static_cast<int64_t>(all.packed.size()) == 4 * layers) return normed.view({tokens.size(0), embeddings.size(1)});
  const at::Tensor scores =
      packedLinear(normed, all.packed[4 * layers], embeddings.size(0), c10::nullopt, c10::nullopt);
  return scores.view({tokens.size(0), embeddings.size(0)});
}

at::Tensor decodeStep(const at::Tensor& tokens, const at::Tensor& embeddings, const at::Tensor& cosines,
                      const at::Tensor& signedSines, const OptionalTensor& starts, int64_t length,
                      at::TensorList norms, at::TensorList packed, const OptionalList& biases,
                      const OptionalList& headNorms, at::TensorList caches, double epsilon) {
  const DecodeLayers all{norms, packed, biases, headNorms, caches};
  return scoresAfter(tokens, embeddings, all,
                     {anglesAt(cosines, starts, length), anglesAt(signedSines, starts, length), starts, length, epsilon});
}

// Owners ascend within their prompts, and prompts begin before their end.
void checkOwners(const at::Tensor& owners, const OptionalTensor& starts, int64_t rows, int64_t prompts, int64_t length) {
  const auto isLong = [](const at::Tensor& t) { return t.is_cpu() && t.scalar_type() == at::kLong && t.is_contiguous(); };
  TORCH_CHECK(isLong(owners) && owners.numel() == rows, "expected one int64 owner per row, found ", owners.sizes());
  const int64_t* const each = owners.data_ptr<int64_t>();
  for (int64_t row = 0; row < rows; row++)
    TORCH_CHECK(each[row] >= 0 && each[row] < prompts, "owner ", each[row], " is none of ", prompts, " prompts");
  if (!starts.has_value() || !starts->defined()) return;
  TORCH_CHECK(isLong(*starts) && starts->numel() >= prompts, "expected one int64 start per prompt, found ", starts->sizes());
  for (int64_t prompt = 0; prompt < prompts; prompt++) {
    const int64_t start = starts->data_ptr<int64_t>()[prompt];
    TORCH_CHECK(start >= 0 && start <= length, "start ", start, " is not within ", length, " places");
  }
}

at::Tensor branchStep(const at::Tensor& tokens, const at::Tensor& embeddings, const at::Tensor& cosines,
                      const at::Tensor& signedSines, const at::Tensor& owners, const OptionalTensor& starts,
                      int64_t promptLength, int64_t length, at::TensorList norms, at::TensorList packed,
                      const OptionalList& biases, const OptionalList& headNorms, at::TensorList prompts,
                      at::TensorList caches, double epsilon) {
  TORCH_CHECK(!prompts.empty(), "expected the prompts' caches");
  checkOwners(owners, starts, tokens.size(0), prompts[0].size(0), promptLength);
  const bool isPadded = starts.has_value() && starts->defined();
  const OptionalTensor ofRows = isPadded ? OptionalTensor(at::index_select(*starts, 0, owners)) : c10::nullopt;
  const SharedPrompts shared{owners.data_ptr<int64_t>(), isPadded ? starts->data_ptr<int64_t>() : nullptr, promptLength};
  const int64_t place = promptLength + length;
  const DecodeLayers all{norms, packed, biases, headNorms, caches, prompts};
  return scoresAfter(tokens, embeddings, all,
                     {anglesAt(cosines, ofRows, place), anglesAt(signedSines, ofRows, place), ofRows, length, epsilon,
                      shared});
}

const auto decodeStepLibrary = defineOnce("decode_step", [](torch::Library& library) {
  library.def(
      "decode_step(Tensor tokens, Tensor embeddings, Tensor cos, Tensor signed_sin, Tensor? starts, int length, "
      "Tensor[] norms, Tensor[] packed, Tensor?[] biases, Tensor?[] head_norms, Tensor(a!)[] caches, float eps) "
      "-> Tensor");
  library.impl("decode_step", c10::DispatchKey::CPU, decodeStep);
});

const auto branchStepLibrary = defineOnce("branch_step", [](torch::Library& library) {
  library.def(
      "branch_step(Tensor tokens, Tensor embeddings, Tensor cos, Tensor signed_sin, Tensor owners, Tensor? starts, "
      "int prompt_length, int length, Tensor[] norms, Tensor[] packed, Tensor?[] biases, Tensor?[] head_norms, "
      "Tensor[] prompts, Tensor(a!)[] caches, float eps) -> Tensor");
  library.impl("branch_step", c10::DispatchKey::CPU, branchStep);
});

}  // namespace
}  // namespace laurel
