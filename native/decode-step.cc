// laurel::decode_step: one token per row through a whole decoder, over its key-value cache: the composition of embedding,
// rms_norm, packed_linear, decode_attention and swiglu in one call. float32 on the CPU.
// laurel::branch_step: the same for rows that share the caches of their prompts and have one of their own for what
// follows.
//   h = x + attend(norm(x)) Oᵀ,   y = h + swiglu(norm(h) [G, U]ᵀ) Dᵀ   for each layer; logits = norm(y) Vᵀ
// Without the packed V, norm(y) is returned.
// All threads go through the layers together: each makes its own columns of every product, or, where there are rows
// enough, everything of its own rows.
#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "decoder-parts.h"
#include "fused.h"
#include "team.h"

namespace laurel {
namespace {

using OptionalList = c10::List<c10::optional<at::Tensor>>;

// Rows for which one thread keeps its registers busy: with as many for every thread, each takes its own rows through all
// layers, and none waits for another; with fewer, threads share each product.
constexpr int64_t kRowsAlone = 16;

// Multiplications of a step that are worth a thread of their own, if all have as many.
constexpr int64_t kStepGrain = 1 << 18;

// Of each layer, in order: 2 norms; 4 packed matrices (query-key-value, output, gate-up, down) and their biases; the
// norms of query and key heads; keys and values. Behind them the final norm and, where logits are wanted, the packed
// output matrix.
struct DecodeLists {
  at::TensorList norms, packed;
  const OptionalList &biases, &headNorms;
  at::TensorList caches;
  // Keys and values of shared prompts, like caches; empty where none are.
  at::TensorList promptCaches = {};

  int64_t layers() const { return static_cast<int64_t>(caches.size() / 2); }
};

struct LayerParts {
  const float *firstNorm, *secondNorm;
  PackedMatrix projections, output, gateUp, down;
  std::unique_ptr<HeadTasks> heads;
};

// A decoder as its loops see it.
struct StepParts {
  std::vector<LayerParts> layers;
  const float* finalNorm;
  PackedMatrix head;  // of null numbers where states are wanted
  int64_t rows, channels, projected, mixedWidth, inner, headScratch;
  float epsilon;
};

// What is between the loops, row by row. `result` is [R, V] or [R, C]. Each thread has its own part of `scratch`.
struct StepMemory {
  float *states, *normed, *projected, *mixed, *both, *gated, *result, *scratch;
};

// Norms a member's share of some rows, for all to read.
void normShare(const float* states, const float* norm, float* to, const Range& rows, const StepParts& step, const Team& team) {
  const Range own = team.share(rows);
  normRows(states + own.begin * step.channels, norm, to + own.begin * step.channels, nullptr, own.size(), step.channels,
           step.epsilon);
  team.wait();
}

// A member's columns. Whole vectors of them: what is left of one is computed otherwise, and rounded otherwise.
Range columnsOf(int64_t columns, const Team& team) {
  const Range vectors = team.share({0, (columns + kLanes - 1) / kLanes});
  return {vectors.begin * kLanes, std::min(columns, vectors.end * kLanes)};
}

// One layer for some rows.
void goThrough(const LayerParts& layer, const StepParts& step, const StepMemory& memory, const Range& rows, float* scratch,
               const Team& team) {
  const int64_t count = rows.size(), channels = step.channels;
  float* const states = memory.states + rows.begin * channels;
  float* const normed = memory.normed + rows.begin * channels;
  float* const projected = memory.projected + rows.begin * layer.projections.features;
  float* const mixed = memory.mixed + rows.begin * step.mixedWidth;
  float* const both = memory.both + rows.begin * 2 * step.inner;
  float* const gated = memory.gated + rows.begin * step.inner;
  normShare(memory.states, layer.firstNorm, memory.normed, rows, step, team);
  multiplyPacked(layer.projections, team.share(layer.projections.panels()), normed, count, nullptr, projected);
  team.wait();
  layer.heads->run(team.share(layer.heads->tasksOf(rows)), memory.projected, memory.mixed, scratch);
  team.wait();
  multiplyPacked(layer.output, team.share(layer.output.panels()), mixed, count, states, states);
  team.wait();
  normShare(memory.states, layer.secondNorm, memory.normed, rows, step, team);
  multiplyPacked(layer.gateUp, team.share(layer.gateUp.panels()), normed, count, nullptr, both);
  team.wait();
  gateRows(both, gated, count, step.inner, columnsOf(step.inner, team));
  team.wait();
  multiplyPacked(layer.down, team.share(layer.down.panels()), gated, count, states, states);
  team.wait();
}

// All layers for some rows, and what comes of them.
void goThroughAll(const StepParts& step, const StepMemory& memory, const Range& rows, float* scratch, const Team& team) {
  for (const LayerParts& layer : step.layers) goThrough(layer, step, memory, rows, scratch, team);
  if (step.head.numbers == nullptr) return normShare(memory.states, step.finalNorm, memory.result, rows, step, team);
  normShare(memory.states, step.finalNorm, memory.normed, rows, step, team);
  multiplyPacked(step.head, team.share(step.head.panels()), memory.normed + rows.begin * step.channels, rows.size(), nullptr,
                 memory.result + rows.begin * step.head.features);
}

int64_t multiplications(const StepParts& step) {
  int64_t each = step.head.depth * step.head.features;
  for (const LayerParts& layer : step.layers)
    for (const PackedMatrix* matrix : {&layer.projections, &layer.output, &layer.gateUp, &layer.down})
      each += matrix->depth * matrix->features;
  return step.rows * each;
}

// Threads that the rows are shared among; 1 where threads share products.
int64_t sharesOf(int64_t rows) {
  const int64_t threads = at::get_num_threads();
  return rows >= kRowsAlone * threads ? threads : 1;
}

at::Tensor runStep(const StepParts& step, const at::Tensor& states, int64_t shares) {
  const int64_t rows = step.rows, threads = at::get_num_threads(), wide = step.projected, scratch = step.headScratch;
  const at::Tensor between = at::empty(
      {rows * (step.channels + wide + step.mixedWidth + 3 * step.inner) + threads * scratch}, states.options());
  const bool wantsStates = step.head.numbers == nullptr;
  at::Tensor result = at::empty({rows, wantsStates ? step.channels : step.head.features}, states.options());
  float* place = between.data_ptr<float>();
  const auto take = [&](int64_t numbers) { return std::exchange(place, place + rows * numbers); };
  float *const normed = take(step.channels), *const projected = take(wide), *const mixed = take(step.mixedWidth);
  float *const both = take(2 * step.inner), *const gated = take(step.inner);
  const StepMemory memory{states.data_ptr<float>(), normed, projected, mixed, both, gated, result.data_ptr<float>(), place};
  together(shares > 1 || multiplications(step) >= kStepGrain * threads, [&](const Team& team) {
    float* const own = memory.scratch + team.index * scratch;
    if (shares == 1) return goThroughAll(step, memory, {0, rows}, own, team);
    const Range mine = team.share({0, shares});
    for (int64_t share = mine.begin; share < mine.end; share++)
      goThroughAll(step, memory, {rows * share / shares, rows * (share + 1) / shares}, own, Team{});
  });
  return result;
}

// The row of each position of a table [positions, 1, D]: one that all rows share, or one per row.
at::Tensor anglesAt(const at::Tensor& table, const OptionalTensor& starts, int64_t length) {
  TORCH_CHECK(table.dim() == 3 && table.size(0) > length, "angles ", table.sizes(), " end before place ", length);
  if (!starts.has_value() || !starts->defined()) return table.narrow(0, length, 1);
  return at::index_select(table, 0, (length - *starts)).unsqueeze(1);
}

void checkLists(const DecodeLists& all) {
  const auto has = [&](size_t size, int64_t each, int64_t more) {
    return static_cast<int64_t>(size) == each * all.layers() + more;
  };
  const bool hasMatrices = has(all.packed.size(), 4, 0) || has(all.packed.size(), 4, 1);
  TORCH_CHECK(has(all.norms.size(), 2, 1) && hasMatrices && has(all.biases.size(), 4, 0) &&
                  has(all.headNorms.size(), 2, 0) && has(all.caches.size(), 2, 0) &&
                  (all.promptCaches.empty() || all.promptCaches.size() == all.caches.size()),
              "lists of ", all.norms.size(), " norms, ", all.packed.size(), " matrices, ", all.biases.size(),
              " biases, ", all.headNorms.size(), " head norms, ", all.caches.size(), " caches and ",
              all.promptCaches.size(), " prompts' caches are not of the same layers");
}

// Attention of a layer, given how many heads and key heads there are.
using HeadsOf = std::function<std::unique_ptr<HeadTasks>(int64_t layer, int64_t heads)>;

LayerParts layerParts(const DecodeLists& all, int64_t layer, int64_t channels, const HeadsOf& headsOf) {
  const at::Tensor& keys = all.caches[2 * layer];
  TORCH_CHECK(keys.dim() == 4, "expected caches [R, K, C, D], found ", keys.sizes());
  const at::Tensor* const packed = &all.packed[4 * layer];
  const int64_t mixed = packed[1].size(1), inner = packed[3].size(1), width = keys.size(3);
  TORCH_CHECK(width > 0 && keys.size(1) > 0 && mixed % width == 0, "a cache ", keys.sizes(), " has no part of ", mixed,
              " channels");
  const auto matrix = [&](int64_t index, int64_t features, int64_t depth) {
    return packedMatrix(packed[index], features, depth, all.biases.get(static_cast<size_t>(4 * layer + index)));
  };
  return {normOf(all.norms[2 * layer], channels),
          normOf(all.norms[2 * layer + 1], channels),
          matrix(0, mixed + 2 * keys.size(1) * width, channels),
          matrix(1, channels, mixed),
          matrix(2, 2 * inner, channels),
          matrix(3, channels, inner),
          headsOf(layer, mixed / width)};
}

StepParts stepParts(const DecodeLists& all, int64_t rows, const at::Tensor& embeddings, double epsilon,
                    const HeadsOf& headsOf) {
  const int64_t layers = all.layers(), channels = embeddings.size(1);
  StepParts step{{}, normOf(all.norms[2 * layers], channels), {}, rows, channels, 0, 0, 0, 0, static_cast<float>(epsilon)};
  for (int64_t layer = 0; layer < layers; layer++) step.layers.push_back(layerParts(all, layer, channels, headsOf));
  for (const LayerParts& layer : step.layers) {
    step.projected = std::max(step.projected, layer.projections.features);
    step.mixedWidth = std::max(step.mixedWidth, layer.output.depth);
    step.inner = std::max(step.inner, layer.down.depth);
    step.headScratch = std::max(step.headScratch, layer.heads->scratch());
    TORCH_CHECK(layer.output.depth == step.mixedWidth && layer.down.depth == step.inner &&
                    layer.projections.features == step.projected,
                "expected layers of one shape");
  }
  if (static_cast<int64_t>(all.packed.size()) > 4 * layers)
    step.head = packedMatrix(all.packed[4 * layers], embeddings.size(0), channels, c10::nullopt);
  return step;
}

// Through all layers to the scores of the next tokens [R, V], or to the states before them [R, C].
at::Tensor scoresAfter(const at::Tensor& tokens, const at::Tensor& embeddings, const DecodeLists& all, double epsilon,
                       const HeadsOf& headsOf, int64_t shares) {
  TORCH_CHECK(tokens.dim() == 2 && tokens.size(1) == 1, "expected [R, 1], found ", tokens.sizes());
  TORCH_CHECK(isPlainFloat(embeddings) && embeddings.dim() == 2, "expected float32 [V, C], found ", embeddings.sizes());
  checkLists(all);
  at::NoGradGuard withoutGradient;
  const at::Tensor states = at::embedding(embeddings, tokens).contiguous();
  return runStep(stepParts(all, tokens.size(0), embeddings, epsilon, headsOf), states, shares);
}

// Query and key norms of a layer, with the step's angles.
HeadSettings settingsOf(const DecodeLists& all, int64_t layer, const HeadSettings& angles) {
  const auto width = static_cast<double>(all.caches[2 * layer].size(3));
  const auto norm = [&](int64_t index) { return all.headNorms.get(static_cast<size_t>(index)); };
  return {angles.cosine, angles.signedSine, norm(2 * layer), norm(2 * layer + 1), angles.epsilon, 1 / std::sqrt(width)};
}

at::Tensor decodeStep(const at::Tensor& tokens, const at::Tensor& embeddings, const at::Tensor& cosines,
                      const at::Tensor& signedSines, const OptionalTensor& starts, int64_t length,
                      at::TensorList norms, at::TensorList packed, const OptionalList& biases,
                      const OptionalList& headNorms, at::TensorList caches, double epsilon) {
  const DecodeLists all{norms, packed, biases, headNorms, caches};
  const HeadSettings angles{anglesAt(cosines, starts, length), anglesAt(signedSines, starts, length), {}, {}, epsilon, 1};
  const int64_t rows = tokens.size(0);
  const auto headsOf = [&](int64_t layer, int64_t heads) {
    return cachedHeads(rows, heads, settingsOf(all, layer, angles), caches[2 * layer], caches[2 * layer + 1], length, starts);
  };
  return scoresAfter(tokens, embeddings, all, epsilon, headsOf, sharesOf(rows));
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
  TORCH_CHECK(promptLength >= 0 && length >= 0, "expected lengths, found ", promptLength, " and ", length);
  for (const at::Tensor& prompt : prompts)
    TORCH_CHECK(prompt.dim() == 4 && prompt.size(0) == prompts[0].size(0), "prompts' caches differ: ", prompt.sizes());
  const int64_t rows = tokens.size(0), place = promptLength + length, shares = sharesOf(rows);
  checkOwners(owners, starts, rows, prompts[0].size(0), promptLength);
  const bool isPadded = starts.has_value() && starts->defined();
  const OptionalTensor ofRows = isPadded ? OptionalTensor(at::index_select(*starts, 0, owners)) : c10::nullopt;
  const int64_t* const firsts = isPadded ? starts->data_ptr<int64_t>() : nullptr;
  const DecodeLists all{norms, packed, biases, headNorms, caches, prompts};
  const HeadSettings angles{anglesAt(cosines, ofRows, place), anglesAt(signedSines, ofRows, place), {}, {}, epsilon, 1};
  const auto headsOf = [&](int64_t layer, int64_t heads) {
    const SharedPrompts shared{owners.data_ptr<int64_t>(), firsts, promptLength, prompts[2 * layer], prompts[2 * layer + 1]};
    return branchHeads(rows, heads, settingsOf(all, layer, angles), shared, caches[2 * layer], caches[2 * layer + 1], length,
                       shares);
  };
  return scoresAfter(tokens, embeddings, all, epsilon, headsOf, shares);
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
