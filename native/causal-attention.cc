// laurel::causal_attention: softmax(q kᵀ · scale) v over the tokens before each, of its own sequence and of the prefix
// that sequences may share, without ever holding all scores; the backward pass computes them again from their logarithms
// of sums. float32 on the CPU.
// Dao et al. 2022, arXiv:2205.14135v2, Algorithms 1 and 4, with blocks of queries that see all their keys at once.
#include "composed-attention.h"
#include "panels.h"
#include "visible.h"

#include <limits>
#include <vector>

namespace laurel {
namespace {

// Queries of a block.
constexpr int64_t kQueries = 32;

struct AttentionSizes {
  int64_t rows, heads, keyHeads, count, width;
  float scale;
  int64_t group() const { return heads / keyHeads; }
  // Numbers from one token to the next where heads stand side by side.
  int64_t tokenStride() const { return heads * width; }
};

LAUREL_KERNELS_BEGIN

// The largest of scores begin … end − 1, or `most`.
LAUREL_KERNEL float largestScore(const float* scores, int64_t begin, int64_t end, float most) {
  int64_t s = begin;
  if (end - begin >= kLanes) {
    Lanes largest = lanesAt(scores + s);
    for (s += kLanes; s + kLanes <= end; s += kLanes) {
      const Lanes next = lanesAt(scores + s);
      largest = next > largest ? next : largest;
    }
    for (int64_t i = 0; i < kLanes; i++) most = largest[i] > most ? largest[i] : most;
  }
  for (; s < end; s++) most = scores[s] > most ? scores[s] : most;
  return most;
}

// Scores begin … end − 1 become e^(scale·s − m); returns their sum.
LAUREL_KERNEL float softenScores(float* scores, int64_t begin, int64_t end, float scale, float most) {
  for (int64_t s = begin; s < end; s++) scores[s] = exponential(scores[s] * scale - most);
  Lanes sums = {};
  int64_t s = begin;
  for (; s + kLanes <= end; s += kLanes) sums += lanesAt(scores + s);
  float sum = sumOf(sums);
  for (; s < end; s++) sum += scores[s];
  return sum;
}

// Scores become probabilities again, e^(scale·s − logSum), and ∂probabilities become ∂scores: p (∂p − Σ p ∂p) scale.
LAUREL_KERNEL void gradientScores(float* scores, float* gradients, int64_t begin, int64_t end, float scale,
                                  float logSum, float along) {
  for (int64_t s = begin; s < end; s++) {
    const float p = exponential(scores[s] * scale - logSum);
    scores[s] = p;
    gradients[s] = p * (gradients[s] - along) * scale;
  }
}

LAUREL_KERNEL void scaleRow(float* numbers, int64_t count, float factor) {
  for (int64_t i = 0; i < count; i++) numbers[i] *= factor;
}

LAUREL_KERNEL float dotRow(const float* a, const float* b, int64_t count) { return dotOf(a, b, count); }

LAUREL_KERNELS_END

// A key head of one row of the batch: its queries' blocks in turn, on one thread.
struct HeadTask {
  const AttentionSizes& sizes;
  int64_t row, keyHead;
  const int64_t* starts;    // of the row, or null
  const int64_t* prefixes;  // of the row, two to a token, or null

  // What a query sees of its own sequence, and before it.
  Range own(int64_t token) const { return {starts == nullptr ? 0 : starts[token], token + 1}; }
  Range prefix(int64_t token) const {
    return prefixes == nullptr ? Range{0, 0} : Range{prefixes[2 * token], prefixes[2 * token + 1]};
  }
  int64_t headOffset(int64_t head) const { return (row * sizes.heads + head) * sizes.count * sizes.width; }
  int64_t keyOffset() const { return (row * sizes.keyHeads + keyHead) * sizes.count * sizes.width; }
  int64_t mixedOffset(int64_t head, int64_t token) const {
    return (row * sizes.count + token) * sizes.tokenStride() + head * sizes.width;
  }
};

// Queries first … first + rows − 1, and the keys that any of them sees: in two parts, which begin where panels do and do
// not meet, the first often empty.
struct QueryBlock {
  int64_t first, rows;
  Range parts[2];
};

QueryBlock blockAt(const HeadTask& task, int64_t first) {
  const int64_t rows = std::min(kQueries, task.sizes.count - first);
  Range own{first, first + rows}, prefix{task.sizes.count, 0};
  for (int64_t token = first; token < first + rows; token++) {
    own.begin = std::min(own.begin, task.own(token).begin);
    const Range before = task.prefix(token);
    if (before.isEmpty()) continue;
    prefix = {std::min(prefix.begin, before.begin), std::max(prefix.end, before.end)};
  }
  own.begin -= own.begin % panelWidth();
  prefix.begin -= prefix.begin % panelWidth();
  if (!prefix.isEmpty() && prefix.end < own.begin) return {first, rows, {prefix, own}};
  if (!prefix.isEmpty()) own.begin = std::min(own.begin, prefix.begin);
  return {first, rows, {{0, 0}, own}};
}

// Zero where the block has numbers and the query sees nothing.
void clearHidden(float* row, const QueryBlock& block, const Range (&seen)[2]) {
  const auto clear = [row](int64_t begin, int64_t end) {
    if (begin < end) std::memset(row + begin, 0, static_cast<size_t>(end - begin) * sizeof(float));
  };
  for (const Range& part : block.parts) {
    int64_t place = part.begin;
    for (const Range& range : seen) {
      if (range.isEmpty() || range.begin < part.begin || range.end > part.end) continue;
      clear(place, range.begin);
      place = range.end;
    }
    clear(place, part.end);
  }
}

// Scores of a block's queries with the keys they see: rows `count` apart.
void scoreBlock(const QueryBlock& queries, const float* a, int64_t aRow, const float* keyPanels, float* scores,
                const AttentionSizes& sizes) {
  TileArguments block{};
  block.rows = queries.rows;
  block.depth = sizes.width;
  block.a = a;
  block.aRow = aRow;
  block.aStep = 1;
  block.c = scores;
  block.cRow = sizes.count;
  for (const Range& part : queries.parts) multiplyPanels(block, {keyPanels, sizes.width, sizes.count}, part, 0);
}

// C [rows, width] = weights · values, over the keys of a block; values in panels [count, width].
void mixBlock(const QueryBlock& queries, const float* weights, const float* valuePanels, float* c, int64_t cRow,
              const AttentionSizes& sizes) {
  TileArguments block{};
  block.rows = queries.rows;
  block.aRow = sizes.count;
  block.aStep = 1;
  block.c = c;
  block.cRow = cRow;
  for (const Range& part : queries.parts) {
    if (part.isEmpty()) continue;
    block.depth = part.size();
    block.a = weights + part.begin;
    multiplyPanels(block, {valuePanels, sizes.count, sizes.width}, {0, sizes.width}, part.begin);
    block.addend = c;
  }
}

// C [count, width] += weightsᵀ · rows, at the keys of a block; its rows in panels.
void spreadBlock(const QueryBlock& queries, const float* weights, const float* rowPanels, float* c,
                 const AttentionSizes& sizes) {
  TileArguments block{};
  block.depth = queries.rows;
  block.aRow = 1;
  block.aStep = sizes.count;
  block.cRow = sizes.width;
  for (const Range& part : queries.parts) {
    if (part.isEmpty()) continue;
    block.rows = part.size();
    block.a = weights + part.begin;
    block.c = c + part.begin * sizes.width;
    block.addend = block.c;
    multiplyPanels(block, {rowPanels, queries.rows, sizes.width}, {0, sizes.width}, 0);
  }
}

struct AttentionForward {
  const float *query, *key, *value;
  float *mixed, *logSums;
};

// Scores of one query become probabilities; returns the logarithm of their sum of exponentials.
float softenRow(float* row, const QueryBlock& block, const Range (&seen)[2], float scale) {
  float most = -std::numeric_limits<float>::infinity(), sum = 0.0f;
  for (const Range& range : seen) most = largestScore(row, range.begin, range.end, most);
  most *= scale;
  for (const Range& range : seen) sum += softenScores(row, range.begin, range.end, scale, most);
  for (const Range& range : seen) scaleRow(row + range.begin, range.size(), 1.0f / sum);
  clearHidden(row, block, seen);
  return most + std::log(sum);
}

void attendForward(const HeadTask& task, const AttentionForward& tensors, std::vector<float>& scratch) {
  const AttentionSizes& sizes = task.sizes;
  const int64_t count = sizes.count, width = sizes.width;
  const int64_t keyNumbers = panelNumbers(width, count), valueNumbers = panelNumbers(count, width);
  scratch.resize(static_cast<size_t>(keyNumbers + valueNumbers + kQueries * count));
  float *const keys = scratch.data(), *const values = keys + keyNumbers, *const scores = values + valueNumbers;
  packColumns(tensors.key + task.keyOffset(), width, width, count, keys);
  packRows(tensors.value + task.keyOffset(), width, count, width, values);
  for (int64_t first = 0; first < count; first += kQueries) {
    const QueryBlock block = blockAt(task, first);
    for (int64_t head = task.keyHead * sizes.group(); head < (task.keyHead + 1) * sizes.group(); head++) {
      scoreBlock(block, tensors.query + task.headOffset(head) + first * width, width, keys, scores, sizes);
      float* const logSums = tensors.logSums + (task.row * sizes.heads + head) * count + first;
      for (int64_t i = 0; i < block.rows; i++)
        logSums[i] =
            softenRow(scores + i * count, block, {task.prefix(first + i), task.own(first + i)}, sizes.scale);
      mixBlock(block, scores, values, tensors.mixed + task.mixedOffset(head, first), sizes.tokenStride(), sizes);
    }
  }
}

struct AttentionBackward {
  const float *query, *key, *value, *mixed, *logSums, *above;
  float *dQuery, *dKey, *dValue;
};

// Memory of one thread in the backward pass.
struct BackwardScratch {
  float *keyColumns, *valueColumns, *keyRows, *queryBlock, *aboveBlock, *scores, *gradients;

  BackwardScratch(const AttentionSizes& sizes, std::vector<float>& numbers) {
    const int64_t columns = panelNumbers(sizes.width, sizes.count), rows = panelNumbers(sizes.count, sizes.width);
    const int64_t block = panelNumbers(kQueries, sizes.width), scored = kQueries * sizes.count;
    numbers.resize(static_cast<size_t>(2 * columns + rows + 2 * block + 2 * scored));
    keyColumns = numbers.data();
    valueColumns = keyColumns + columns;
    keyRows = valueColumns + columns;
    queryBlock = keyRows + rows;
    aboveBlock = queryBlock + block;
    scores = aboveBlock + block;
    gradients = scores + scored;
  }
};

// One head's queries of a block: writes their gradients and adds to those of the keys and values they see.
void blockBackward(const HeadTask& task, const QueryBlock& block, int64_t head, const AttentionBackward& tensors,
                   const BackwardScratch& scratch) {
  const AttentionSizes& sizes = task.sizes;
  const int64_t count = sizes.count, width = sizes.width, stride = sizes.tokenStride(), first = block.first;
  const float* const query = tensors.query + task.headOffset(head) + first * width;
  const float* const above = tensors.above + task.mixedOffset(head, first);
  const float* const mixed = tensors.mixed + task.mixedOffset(head, first);
  const float* const logSums = tensors.logSums + (task.row * sizes.heads + head) * count + first;
  scoreBlock(block, query, width, scratch.keyColumns, scratch.scores, sizes);
  scoreBlock(block, above, stride, scratch.valueColumns, scratch.gradients, sizes);
  for (int64_t i = 0; i < block.rows; i++) {
    float *const scores = scratch.scores + i * count, *const gradients = scratch.gradients + i * count;
    const Range seen[2] = {task.prefix(first + i), task.own(first + i)};
    const float along = dotRow(above + i * stride, mixed + i * stride, width);
    for (const Range& range : seen)
      gradientScores(scores, gradients, range.begin, range.end, sizes.scale, logSums[i], along);
    clearHidden(scores, block, seen);
    clearHidden(gradients, block, seen);
  }
  mixBlock(block, scratch.gradients, scratch.keyRows, tensors.dQuery + task.headOffset(head) + first * width, width,
           sizes);
  packRows(query, width, block.rows, width, scratch.queryBlock);
  packRows(above, stride, block.rows, width, scratch.aboveBlock);
  spreadBlock(block, scratch.gradients, scratch.queryBlock, tensors.dKey + task.keyOffset(), sizes);
  spreadBlock(block, scratch.scores, scratch.aboveBlock, tensors.dValue + task.keyOffset(), sizes);
}

void attendBackward(const HeadTask& task, const AttentionBackward& tensors, std::vector<float>& numbers) {
  const AttentionSizes& sizes = task.sizes;
  const int64_t count = sizes.count, width = sizes.width, keyOffset = task.keyOffset();
  const BackwardScratch scratch(sizes, numbers);
  packColumns(tensors.key + keyOffset, width, width, count, scratch.keyColumns);
  packColumns(tensors.value + keyOffset, width, width, count, scratch.valueColumns);
  packRows(tensors.key + keyOffset, width, count, width, scratch.keyRows);
  std::memset(tensors.dKey + keyOffset, 0, static_cast<size_t>(count * width) * sizeof(float));
  std::memset(tensors.dValue + keyOffset, 0, static_cast<size_t>(count * width) * sizeof(float));
  for (int64_t first = 0; first < count; first += kQueries) {
    const QueryBlock block = blockAt(task, first);
    for (int64_t head = task.keyHead * sizes.group(); head < (task.keyHead + 1) * sizes.group(); head++)
      blockBackward(task, block, head, tensors, scratch);
  }
}

AttentionSizes sizesOf(const at::Tensor& query, const at::Tensor& key, double scale) {
  return {query.size(0), query.size(1), key.size(1), query.size(2), query.size(3), static_cast<float>(scale)};
}

template <typename Attend>
void forEachKeyHead(const AttentionSizes& sizes, const Visible& visible, const Attend& attend) {
  const auto ofRow = [](const at::Tensor& places, int64_t row) {
    return places.defined() ? places.data_ptr<int64_t>() + row * places.stride(0) : nullptr;
  };
  at::parallel_for(0, sizes.rows * sizes.keyHeads, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch;
    for (int64_t index = begin; index < end; index++) {
      const int64_t row = index / sizes.keyHeads;
      attend(HeadTask{sizes, row, index % sizes.keyHeads, ofRow(visible.starts, row), ofRow(visible.prefixes, row)},
             scratch);
    }
  });
}

// → [B, T, H·D] and the logarithms of each query's sum of exponentials, [B, H, T].
std::tuple<at::Tensor, at::Tensor> causalForward(const at::Tensor& query, const at::Tensor& key,
                                                 const at::Tensor& value, const Visible& visible, double scale) {
  const AttentionSizes sizes = sizesOf(query, key, scale);
  at::Tensor mixed = at::empty({sizes.rows, sizes.count, sizes.heads * sizes.width}, query.options());
  at::Tensor logSums = at::empty({sizes.rows, sizes.heads, sizes.count}, query.options());
  const AttentionForward tensors{query.data_ptr<float>(), key.data_ptr<float>(), value.data_ptr<float>(),
                                 mixed.data_ptr<float>(), logSums.data_ptr<float>()};
  forEachKeyHead(sizes, visible, [&](const HeadTask& task, std::vector<float>& scratch) {
    attendForward(task, tensors, scratch);
  });
  return {mixed, logSums};
}

// What the forward pass saves, in order.
enum Saved { kQuery, kKey, kValue, kStarts, kPrefixes, kMixed, kLogSums };

variable_list causalBackward(const variable_list& saved, const at::Tensor& gradient, double scale) {
  const at::Tensor &query = saved[kQuery], &key = saved[kKey], &value = saved[kValue], above = gradient.contiguous();
  const AttentionSizes sizes = sizesOf(query, key, scale);
  at::Tensor dQuery = at::empty_like(query), dKey = at::empty_like(key), dValue = at::empty_like(value);
  const AttentionBackward tensors{query.data_ptr<float>(),         key.data_ptr<float>(),
                                  value.data_ptr<float>(),         saved[kMixed].data_ptr<float>(),
                                  saved[kLogSums].data_ptr<float>(), above.data_ptr<float>(),
                                  dQuery.data_ptr<float>(),        dKey.data_ptr<float>(),
                                  dValue.data_ptr<float>()};
  const Visible visible{saved[kStarts], saved[kPrefixes]};
  forEachKeyHead(sizes, visible, [&](const HeadTask& task, std::vector<float>& scratch) {
    attendBackward(task, tensors, scratch);
  });
  return {dQuery, dKey, dValue};
}

struct CausalFunction : torch::autograd::Function<CausalFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query, const at::Tensor& key,
                            const at::Tensor& value, const Given& starts, const Given& prefixes, double scale) {
    const Visible visible{starts.value_or(at::Tensor()), prefixes.value_or(at::Tensor())};
    const auto [mixed, logSums] = causalForward(query, key, value, visible, scale);
    context->save_for_backward({query, key, value, visible.starts, visible.prefixes, mixed, logSums});
    context->saved_data["scale"] = scale;
    return mixed;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const double scale = context->saved_data["scale"].toDouble();
    variable_list found =
        isDifferentiatedAgain()
            ? composedCausalGradients(saved[kQuery], saved[kKey], saved[kValue], {saved[kStarts], saved[kPrefixes]},
                                      gradients[0], scale)
            : causalBackward(saved, gradients[0], scale);
    found.resize(6);
    return found;
  }
};

at::Tensor causalAttention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const Given& starts,
                           const Given& prefixes, double scale) {
  TORCH_CHECK(query.dim() == 4 && key.dim() == 4 && key.sizes() == value.sizes() && query.size(0) == key.size(0) &&
                  query.size(2) == key.size(2) && query.size(3) == key.size(3) && key.size(1) > 0 &&
                  query.size(1) % key.size(1) == 0,
              "queries ", query.sizes(), " do not meet keys ", key.sizes(), " and values ", value.sizes());
  const Visible visible = givenVisible(starts, prefixes, query);
  const bool fits = isPlainFloat(query) && isPlainFloat(key) && isPlainFloat(value) && query.numel() > 0;
  if (!fits) return composedCausal(query, key, value, visible, scale);
  checkPlaces(visible);
  const at::Tensor q = query.contiguous(), k = key.contiguous(), v = value.contiguous();
  if (!records({q, k, v})) return std::get<0>(causalForward(q, k, v, visible, scale));
  const auto present = [](const at::Tensor& places) { return places.defined() ? Given(places) : c10::nullopt; };
  return CausalFunction::apply(q, k, v, present(visible.starts), present(visible.prefixes), scale);
}

const auto causalLibrary = defineOnce("causal_attention", [](torch::Library& library) {
  library.def(
      "causal_attention(Tensor query, Tensor key, Tensor value, Tensor? starts, Tensor? prefixes, float scale) -> "
      "Tensor",
      causalAttention);
});

}  // namespace
}  // namespace laurel
