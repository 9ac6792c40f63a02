// laurel::causal_attention: softmax(q kᵀ · scale) v over the tokens before each, of its own sequence, without ever
// holding all scores; the backward pass computes them again from their logarithms of sums. float32 on the CPU.
// Dao et al. 2022, arXiv:2205.14135v2, Algorithms 1 and 4, with blocks of queries that see all their keys at once.
#include "tile.h"

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

int64_t roundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

int64_t panelWidthAt(int64_t column, int64_t columns) {
  return std::min(kPanelWidth, roundUp(columns - column, kPanelStep));
}

// Numbers of `depth` rows of `columns` laid out in panels.
int64_t panelNumbers(int64_t depth, int64_t columns) { return depth * roundUp(columns, kPanelStep); }

LAUREL_KERNELS_BEGIN

// [depth, columns] → panels of [depth, width], zeros past the last column.
LAUREL_KERNEL void packRows(const float* from, int64_t stride, int64_t depth, int64_t columns, float* to) {
  for (int64_t first = 0; first < columns; first += kPanelWidth) {
    const int64_t width = panelWidthAt(first, columns), present = std::min(width, columns - first);
    for (int64_t k = 0; k < depth; k++, to += width) {
      for (int64_t j = 0; j < present; j++) to[j] = from[k * stride + first + j];
      for (int64_t j = present; j < width; j++) to[j] = 0.0f;
    }
  }
}

// The transpose of [columns, depth] → panels of [depth, width], zeros past the last column.
LAUREL_KERNEL void packColumns(const float* from, int64_t stride, int64_t depth, int64_t columns, float* to) {
  for (int64_t first = 0; first < columns; first += kPanelWidth) {
    const int64_t width = panelWidthAt(first, columns), present = std::min(width, columns - first);
    for (int64_t k = 0; k < depth; k++, to += width) {
      for (int64_t j = 0; j < present; j++) to[j] = from[(first + j) * stride + k];
      for (int64_t j = present; j < width; j++) to[j] = 0.0f;
    }
  }
}

// Scores [count] of one query become e^(scale·s − m) over visible places, 0 elsewhere; returns their sum.
LAUREL_KERNEL float softenRow(float* scores, int64_t first, int64_t last, int64_t count, float scale, float* most) {
  float m = -std::numeric_limits<float>::infinity();
  for (int64_t s = first; s <= last; s++) m = scores[s] > m ? scores[s] : m;
  m *= scale;
  for (int64_t s = 0; s < count; s++) scores[s] = exponential(scores[s] * scale - m);
  for (int64_t s = 0; s < first; s++) scores[s] = 0.0f;
  for (int64_t s = last + 1; s < count; s++) scores[s] = 0.0f;
  Lanes sums = {};
  int64_t s = 0;
  for (; s + kLanes <= count; s += kLanes) sums += lanesAt(scores + s);
  float sum = sumOf(sums);
  for (; s < count; s++) sum += scores[s];
  *most = m;
  return sum;
}

// Scores become probabilities again, e^(scale·s − logSum), and ∂probabilities become ∂scores: p (∂p − Σ p ∂p) scale.
LAUREL_KERNEL void gradientRow(float* scores, float* gradients, int64_t first, int64_t last, int64_t count, float scale,
                               float logSum, float along) {
  for (int64_t s = 0; s < count; s++) {
    const float p = exponential(scores[s] * scale - logSum);
    scores[s] = p;
    gradients[s] = p * (gradients[s] - along) * scale;
  }
  for (int64_t s = 0; s < first; s++) scores[s] = gradients[s] = 0.0f;
  for (int64_t s = last + 1; s < count; s++) scores[s] = gradients[s] = 0.0f;
}

LAUREL_KERNEL void scaleRow(float* numbers, int64_t count, float factor) {
  for (int64_t i = 0; i < count; i++) numbers[i] *= factor;
}

LAUREL_KERNEL float dotRow(const float* a, const float* b, int64_t count) { return dotOf(a, b, count); }

LAUREL_KERNELS_END

// C (+)= A·B with B in panels of which only the first `columns` columns are wanted.
void multiplyPanels(TileArguments block, int64_t panelDepth, int64_t allColumns, int64_t columns) {
  const float* const panels = block.panel;
  float *const c = block.c;
  const bool adds = block.addend != nullptr;
  for (int64_t first = 0; first < columns; first += kPanelWidth) {
    block.width = panelWidthAt(first, allColumns);
    block.columns = std::min(block.width, columns - first);
    block.panel = panels + first * panelDepth;
    block.c = c + first;
    block.addend = adds ? block.c : nullptr;
    multiplyTile(block);
  }
}

// A key head of one row of the batch: its queries' blocks in turn, on one thread.
struct HeadTask {
  const AttentionSizes& sizes;
  int64_t row, keyHead;
  const int64_t* starts;  // of the row, or null

  int64_t start(int64_t token) const { return starts == nullptr ? 0 : starts[token]; }
  int64_t headOffset(int64_t head) const { return (row * sizes.heads + head) * sizes.count * sizes.width; }
  int64_t keyOffset() const { return (row * sizes.keyHeads + keyHead) * sizes.count * sizes.width; }
  int64_t mixedOffset(int64_t head, int64_t token) const {
    return (row * sizes.count + token) * sizes.tokenStride() + head * sizes.width;
  }
};

// Scores of a block's queries with the keys before them: [queries, seen], rows `count` apart.
void scoreBlock(const float* queries, int64_t queryStride, int64_t rows, const float* keyPanels, int64_t seen,
                float* scores, const AttentionSizes& sizes) {
  TileArguments block{};
  block.rows = rows;
  block.depth = sizes.width;
  block.a = queries;
  block.aRow = queryStride;
  block.aStep = 1;
  block.panel = keyPanels;
  block.c = scores;
  block.cRow = sizes.count;
  multiplyPanels(block, sizes.width, sizes.count, seen);
}

// C (+)= weights · values for weights [rows, depth] and values in panels.
void mixBlock(const float* weights, int64_t weightRow, int64_t weightStep, int64_t rows, int64_t depth,
              const float* panels, int64_t panelDepth, float* c, int64_t cRow, bool adds, const AttentionSizes& sizes) {
  TileArguments block{};
  block.rows = rows;
  block.depth = depth;
  block.a = weights;
  block.aRow = weightRow;
  block.aStep = weightStep;
  block.panel = panels;
  block.c = c;
  block.cRow = cRow;
  block.addend = adds ? c : nullptr;
  multiplyPanels(block, panelDepth, sizes.width, sizes.width);
}

struct AttentionForward {
  const float *query, *key, *value;
  float *mixed, *logSums;
};

void attendForward(const HeadTask& task, const AttentionForward& tensors, std::vector<float>& scratch) {
  const AttentionSizes& sizes = task.sizes;
  const int64_t count = sizes.count, width = sizes.width;
  const int64_t keyNumbers = panelNumbers(width, count), valueNumbers = panelNumbers(count, width);
  scratch.resize(static_cast<size_t>(keyNumbers + valueNumbers + kQueries * count));
  float *const keys = scratch.data(), *const values = keys + keyNumbers, *const scores = values + valueNumbers;
  packColumns(tensors.key + task.keyOffset(), width, width, count, keys);
  packRows(tensors.value + task.keyOffset(), width, count, width, values);
  for (int64_t head = task.keyHead * sizes.group(); head < (task.keyHead + 1) * sizes.group(); head++)
    for (int64_t first = 0; first < count; first += kQueries) {
      const int64_t rows = std::min(kQueries, count - first), seen = first + rows;
      scoreBlock(tensors.query + task.headOffset(head) + first * width, width, rows, keys, seen, scores, sizes);
      for (int64_t i = 0; i < rows; i++) {
        float most, *const row = scores + i * count;
        const float sum = softenRow(row, task.start(first + i), first + i, seen, sizes.scale, &most);
        scaleRow(row, seen, 1.0f / sum);
        tensors.logSums[(task.row * sizes.heads + head) * count + first + i] = most + std::log(sum);
      }
      mixBlock(scores, count, 1, rows, seen, values, count, tensors.mixed + task.mixedOffset(head, first),
               sizes.tokenStride(), false, sizes);
    }
}

struct AttentionBackward {
  const float *query, *key, *value, *mixed, *logSums, *above;
  float *dQuery, *dKey, *dValue;
};

void attendBackward(const HeadTask& task, const AttentionBackward& tensors, std::vector<float>& scratch) {
  const AttentionSizes& sizes = task.sizes;
  const int64_t count = sizes.count, width = sizes.width, stride = sizes.tokenStride();
  const int64_t columnNumbers = panelNumbers(width, count), rowNumbers = panelNumbers(count, width);
  const int64_t blockNumbers = panelNumbers(kQueries, width);
  scratch.resize(static_cast<size_t>(2 * columnNumbers + rowNumbers + 2 * blockNumbers + 2 * kQueries * count));
  float *const keyColumns = scratch.data(), *const valueColumns = keyColumns + columnNumbers;
  float *const keyRows = valueColumns + columnNumbers, *const queryBlock = keyRows + rowNumbers;
  float *const aboveBlock = queryBlock + blockNumbers, *const scores = aboveBlock + blockNumbers;
  float *const gradients = scores + kQueries * count;
  const int64_t keyOffset = task.keyOffset();
  packColumns(tensors.key + keyOffset, width, width, count, keyColumns);
  packColumns(tensors.value + keyOffset, width, width, count, valueColumns);
  packRows(tensors.key + keyOffset, width, count, width, keyRows);
  float *const dKey = tensors.dKey + keyOffset, *const dValue = tensors.dValue + keyOffset;
  std::memset(dKey, 0, static_cast<size_t>(count * width) * sizeof(float));
  std::memset(dValue, 0, static_cast<size_t>(count * width) * sizeof(float));
  for (int64_t head = task.keyHead * sizes.group(); head < (task.keyHead + 1) * sizes.group(); head++)
    for (int64_t first = 0; first < count; first += kQueries) {
      const int64_t rows = std::min(kQueries, count - first), seen = first + rows;
      const float* const query = tensors.query + task.headOffset(head) + first * width;
      const float* const above = tensors.above + task.mixedOffset(head, first);
      const float* const mixed = tensors.mixed + task.mixedOffset(head, first);
      const float* const logSums = tensors.logSums + (task.row * sizes.heads + head) * count + first;
      scoreBlock(query, width, rows, keyColumns, seen, scores, sizes);
      scoreBlock(above, stride, rows, valueColumns, seen, gradients, sizes);
      for (int64_t i = 0; i < rows; i++)
        gradientRow(scores + i * count, gradients + i * count, task.start(first + i), first + i, seen, sizes.scale,
                    logSums[i], dotRow(above + i * stride, mixed + i * stride, width));
      mixBlock(gradients, count, 1, rows, seen, keyRows, count, tensors.dQuery + task.headOffset(head) + first * width,
               width, false, sizes);
      packRows(query, width, rows, width, queryBlock);
      packRows(above, stride, rows, width, aboveBlock);
      mixBlock(gradients, 1, count, seen, rows, queryBlock, rows, dKey, width, true, sizes);
      mixBlock(scores, 1, count, seen, rows, aboveBlock, rows, dValue, width, true, sizes);
    }
}

AttentionSizes sizesOf(const at::Tensor& query, const at::Tensor& key, double scale) {
  return {query.size(0), query.size(1), key.size(1), query.size(2), query.size(3), static_cast<float>(scale)};
}

template <typename Attend>
void forEachKeyHead(const AttentionSizes& sizes, const at::Tensor& starts, const Attend& attend) {
  const int64_t* const firsts = starts.defined() ? starts.data_ptr<int64_t>() : nullptr;
  at::parallel_for(0, sizes.rows * sizes.keyHeads, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch;
    for (int64_t index = begin; index < end; index++) {
      const int64_t row = index / sizes.keyHeads;
      attend(HeadTask{sizes, row, index % sizes.keyHeads, firsts == nullptr ? nullptr : firsts + row * sizes.count},
             scratch);
    }
  });
}

// → [B, T, H·D] and the logarithms of each query's sum of exponentials, [B, H, T].
std::tuple<at::Tensor, at::Tensor> causalForward(const at::Tensor& query, const at::Tensor& key,
                                                 const at::Tensor& value, const at::Tensor& starts, double scale) {
  const AttentionSizes sizes = sizesOf(query, key, scale);
  at::Tensor mixed = at::empty({sizes.rows, sizes.count, sizes.heads * sizes.width}, query.options());
  at::Tensor logSums = at::empty({sizes.rows, sizes.heads, sizes.count}, query.options());
  const AttentionForward tensors{query.data_ptr<float>(), key.data_ptr<float>(), value.data_ptr<float>(),
                                 mixed.data_ptr<float>(), logSums.data_ptr<float>()};
  forEachKeyHead(sizes, starts, [&](const HeadTask& task, std::vector<float>& scratch) {
    attendForward(task, tensors, scratch);
  });
  return {mixed, logSums};
}

variable_list causalBackward(const variable_list& saved, const at::Tensor& gradient, double scale) {
  const at::Tensor &query = saved[0], &key = saved[1], &value = saved[2], above = gradient.contiguous();
  const AttentionSizes sizes = sizesOf(query, key, scale);
  at::Tensor dQuery = at::empty_like(query), dKey = at::empty_like(key), dValue = at::empty_like(value);
  const AttentionBackward tensors{query.data_ptr<float>(),    key.data_ptr<float>(),     value.data_ptr<float>(),
                                  saved[4].data_ptr<float>(), saved[5].data_ptr<float>(), above.data_ptr<float>(),
                                  dQuery.data_ptr<float>(),   dKey.data_ptr<float>(),    dValue.data_ptr<float>()};
  forEachKeyHead(sizes, saved[3], [&](const HeadTask& task, std::vector<float>& scratch) {
    attendBackward(task, tensors, scratch);
  });
  return {dQuery, dKey, dValue};
}

// [B, K, T, D] → [B, H, T, D]
at::Tensor forEachHead(const at::Tensor& keys, int64_t group) {
  return group == 1 ? keys : keys.repeat_interleave(group, 1);
}

// −∞ where a query may not look, [T, T] or [B, 1, T, T].
at::Tensor hiddenPlaces(const at::Tensor& query, const at::Tensor& starts) {
  const int64_t count = query.size(2);
  const at::Tensor place = at::arange(count, query.options().dtype(at::kLong));
  at::Tensor hidden = place.unsqueeze(0) > place.unsqueeze(1);
  if (starts.defined()) hidden = hidden | (place < starts.unsqueeze(-1)).unsqueeze(1);
  return hidden;
}

at::Tensor composedProbabilities(const at::Tensor& query, const at::Tensor& key, const at::Tensor& starts,
                                 double scale) {
  const at::Tensor scores = at::matmul(query, key.transpose(-1, -2)) * scale;
  const at::Tensor hidden = scores.masked_fill(hiddenPlaces(query, starts), -std::numeric_limits<double>::infinity());
  const bool isHalf = query.scalar_type() != at::kDouble && query.scalar_type() != at::kFloat;
  return isHalf ? hidden.to(at::kFloat).softmax(-1).to(query.scalar_type()) : hidden.softmax(-1);
}

at::Tensor sideBySide(const at::Tensor& heads) {
  return heads.transpose(1, 2).reshape({heads.size(0), heads.size(2), heads.size(1) * heads.size(3)});
}

at::Tensor composedCausal(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                          const at::Tensor& starts, double scale) {
  const int64_t group = query.size(1) / key.size(1);
  const at::Tensor probabilities = composedProbabilities(query, forEachHead(key, group), starts, scale);
  return sideBySide(at::matmul(probabilities, forEachHead(value, group)));
}

// The gradient in differentiable operators.
variable_list composedGradients(const variable_list& saved, const at::Tensor& above, double scale) {
  const at::Tensor &query = saved[0], &starts = saved[3];
  const int64_t group = query.size(1) / saved[1].size(1);
  const at::Tensor key = forEachHead(saved[1], group), value = forEachHead(saved[2], group);
  const at::Tensor p = composedProbabilities(query, key, starts, scale);
  const at::Tensor dMixed = above.view({query.size(0), query.size(2), query.size(1), query.size(3)}).transpose(1, 2);
  const at::Tensor dP = at::matmul(dMixed, value.transpose(-1, -2));
  const at::Tensor dScores = p * (dP - (p * dP).sum(-1, true)) * scale;
  const auto shared = [&](const at::Tensor& gradient) {
    return gradient.reshape({gradient.size(0), saved[1].size(1), group, gradient.size(2), gradient.size(3)}).sum(2);
  };
  return {at::matmul(dScores, key), shared(at::matmul(dScores.transpose(-1, -2), query)),
          shared(at::matmul(p.transpose(-1, -2), dMixed))};
}

struct CausalFunction : torch::autograd::Function<CausalFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query, const at::Tensor& key,
                            const at::Tensor& value, const c10::optional<at::Tensor>& given, double scale) {
    const at::Tensor starts = given.value_or(at::Tensor());
    const auto [mixed, logSums] = causalForward(query, key, value, starts, scale);
    context->save_for_backward({query, key, value, starts, mixed, logSums});
    context->saved_data["scale"] = scale;
    return mixed;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const double scale = context->saved_data["scale"].toDouble();
    variable_list found = isDifferentiatedAgain() ? composedGradients(saved, gradients[0], scale)
                                                  : causalBackward(saved, gradients[0], scale);
    found.resize(5);
    return found;
  }
};

at::Tensor checkedStarts(const c10::optional<at::Tensor>& starts, const at::Tensor& query) {
  if (!starts.has_value() || !starts->defined()) return {};
  TORCH_CHECK(at::isIntegralType(starts->scalar_type(), false) && starts->dim() == 2 &&
                  starts->size(0) == query.size(0) && starts->size(1) == query.size(2),
              "expected whole starts [B, T], found ", starts->scalar_type(), starts->sizes());
  return starts->to(at::kLong).contiguous();
}

// Starts must lie within the tokens up to the query: the kernel reads no further, and every query sees itself.
void checkRange(const at::Tensor& starts) {
  const int64_t rows = starts.size(0), count = starts.size(1);
  const int64_t* const firsts = starts.data_ptr<int64_t>();
  for (int64_t i = 0; i < rows * count; i++)
    TORCH_CHECK(firsts[i] >= 0 && firsts[i] <= i % count, "token ", i % count, " cannot start at ", firsts[i]);
}

at::Tensor causalAttention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                           const c10::optional<at::Tensor>& given, double scale) {
  TORCH_CHECK(query.dim() == 4 && key.dim() == 4 && key.sizes() == value.sizes() && query.size(0) == key.size(0) &&
                  query.size(2) == key.size(2) && query.size(3) == key.size(3) && key.size(1) > 0 &&
                  query.size(1) % key.size(1) == 0,
              "queries ", query.sizes(), " do not meet keys ", key.sizes(), " and values ", value.sizes());
  const at::Tensor starts = checkedStarts(given, query);
  const bool fits = isPlainFloat(query) && isPlainFloat(key) && isPlainFloat(value) && query.numel() > 0;
  if (!fits) return composedCausal(query, key, value, starts, scale);
  if (starts.defined()) checkRange(starts);
  const at::Tensor q = query.contiguous(), k = key.contiguous(), v = value.contiguous();
  if (records({q, k, v})) {
    const auto present = starts.defined() ? c10::optional<at::Tensor>(starts) : c10::nullopt;
    return CausalFunction::apply(q, k, v, present, scale);
  }
  return std::get<0>(causalForward(q, k, v, starts, scale));
}

const auto causalLibrary = defineOnce("causal_attention", [](torch::Library& library) {
  library.def("causal_attention(Tensor query, Tensor key, Tensor value, Tensor? starts, float scale) -> Tensor",
              causalAttention);
});

}  // namespace
}  // namespace laurel
