// laurel::decode_attention: one query per row over its cached keys, which first gain the row's own; float32 on the CPU.
#include "decoder-parts.h"
#include "fused.h"

#include <vector>

namespace laurel {
namespace {

LAUREL_KERNELS_BEGIN

struct DecodeSizes {
  int64_t heads, keyHeads, width, capacity, length;
  float scale, epsilon;
};

// Factors of all rows, or null where there are none.
struct DecodeFactors {
  const float *cosine, *signedSine, *queryNorm, *keyNorm;
};

// A head normed, where it has a norm, and rotated.
LAUREL_INLINE void turnHead(const float* head, const float* norm, const DecodeFactors& factors, float* normed,
                            float* to, const DecodeSizes& sizes) {
  if (norm != nullptr) {
    const float mean = dotOf(head, head, sizes.width) / static_cast<float>(sizes.width);
    const float scale = 1.0f / std::sqrt(mean + sizes.epsilon);
    for (int64_t i = 0; i < sizes.width; i++) normed[i] = head[i] * scale * norm[i];
    head = normed;
  }
  rotateOne(head, factors.cosine, factors.signedSine, to, sizes.width, 1.0f);
}

// Asks for memory that is read soon, into the second-nearest cache; an address past the end does no harm.
LAUREL_INLINE void fetch(const float* from, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) __builtin_prefetch(from + i, 0, 2);
}

// The query along each key. Meanwhile `next`, as large as the keys, is asked for.
LAUREL_INLINE void scoreKeys(const float* query, const float* keys, const float* next, float* scores, int64_t count,
                             const DecodeSizes& sizes) {
  for (int64_t s = 0; s < count; s++) {
    fetch(next + s * sizes.width, sizes.width);
    scores[s] = dotOf(query, keys + s * sizes.width, sizes.width) * sizes.scale;
  }
}

// Σ scores_s values_s. Meanwhile `next`, as large as the values, is asked for.
LAUREL_INLINE void mixValues(const float* scores, const float* values, const float* next, float* out, int64_t count,
                             int64_t width) {
  int64_t i = 0;
  for (; i + 4 * kLanes <= width; i += 4 * kLanes) {
    Lanes a = {}, b = {}, c = {}, d = {};
    for (int64_t s = 0; s < count; s++) {
      const float* v = values + s * width + i;
      fetch(next + s * width + i, 4 * kLanes);
      a += scores[s] * lanesAt(v);
      b += scores[s] * lanesAt(v + kLanes);
      c += scores[s] * lanesAt(v + 2 * kLanes);
      d += scores[s] * lanesAt(v + 3 * kLanes);
    }
    const Lanes mixed[] = {a, b, c, d};
    std::memcpy(out + i, mixed, sizeof(mixed));
  }
  if (i == width) return;
  std::memset(out + i, 0, static_cast<size_t>(width - i) * sizeof(float));
  for (int64_t s = 0; s < count; s++)
    for (int64_t j = i; j < width; j++) out[j] += scores[s] * values[s * width + j];
}

// One row and key head: `heads` points at the row's projections, `keys` and `values` at the head's cache, of which
// the row sees places `start` and later. `scratch` holds the scores and two heads.
LAUREL_KERNEL void decodeHead(const float* heads, int64_t keyHead, const DecodeFactors& factors, int64_t start,
                              float* keys, float* values, float* scratch, float* out, const DecodeSizes& sizes) {
  const int64_t width = sizes.width, group = sizes.heads / sizes.keyHeads, count = sizes.length + 1 - start;
  float *const scores = scratch, *const query = scratch + count, *const normed = query + width;
  turnHead(heads + (sizes.heads + keyHead) * width, factors.keyNorm, factors, normed, keys + sizes.length * width, sizes);
  std::memcpy(values + sizes.length * width, heads + (sizes.heads + sizes.keyHeads + keyHead) * width,
              static_cast<size_t>(width) * sizeof(float));
  const float *const seenKeys = keys + start * width, *const seenValues = values + start * width;
  for (int64_t head = keyHead * group; head < (keyHead + 1) * group; head++) {
    turnHead(heads + head * width, factors.queryNorm, factors, normed, query, sizes);
    // The next key head's: caches of many rows lie in distant memory, and a step reads each number once.
    scoreKeys(query, seenKeys, seenKeys + sizes.capacity * width, scores, count, sizes);
    softmaxInPlace(scores, count);
    mixValues(scores, seenValues, seenValues + sizes.capacity * width, out + head * width, count, width);
  }
}

LAUREL_KERNELS_END

// Each task is one row and key head.
class CachedHeads : public HeadTasks {
 public:
  CachedHeads(const DecodeSizes& sizes, const HeadSettings& settings, const at::Tensor& keys,
              const at::Tensor& values, at::Tensor starts)
      : sizes_(sizes), settings_(settings), keys_(keys.data_ptr<float>()), values_(values.data_ptr<float>()),
        starts_(std::move(starts)), first_(starts_.defined() ? starts_.data_ptr<int64_t>() : nullptr),
        factors_{settings.cosine.data_ptr<float>(), settings.signedSine.data_ptr<float>(),
                 normOf(settings.queryNorm, sizes.width), normOf(settings.keyNorm, sizes.width)},
        angleRow_(settings.cosine.numel() == sizes.width ? 0 : sizes.width) {}

  Range tasksOf(const Range& rows) const override { return {rows.begin * sizes_.keyHeads, rows.end * sizes_.keyHeads}; }

  int64_t scratch() const override { return sizes_.length + 1 + 2 * sizes_.width; }

  void run(const Range& tasks, const float* projections, float* out, float* scratch) const override {
    const int64_t keyHeads = sizes_.keyHeads, width = sizes_.width, each = sizes_.capacity * width;
    for (int64_t task = tasks.begin; task < tasks.end; task++) {
      const int64_t row = task / keyHeads;
      DecodeFactors own = factors_;
      own.cosine += row * angleRow_;
      own.signedSine += row * angleRow_;
      decodeHead(projections + row * (sizes_.heads + 2 * keyHeads) * width, task % keyHeads, own,
                 first_ == nullptr ? 0 : first_[row], keys_ + task * each, values_ + task * each, scratch,
                 out + row * sizes_.heads * width, sizes_);
    }
  }

 private:
  DecodeSizes sizes_;
  HeadSettings settings_;
  float *keys_, *values_;
  at::Tensor starts_;
  const int64_t* first_;
  DecodeFactors factors_;
  int64_t angleRow_;
};

void checkCaches(const at::Tensor& keys, const at::Tensor& values, int64_t rows, int64_t length) {
  for (const at::Tensor& cache : {keys, values})
    TORCH_CHECK(isPlainFloat(cache) && cache.is_contiguous() && cache.dim() == 4 && cache.size(0) >= rows &&
                    cache.sizes() == keys.sizes() && length >= 0 && length < cache.size(2),
                "the cache ", cache.sizes(), " does not hold ", rows, " rows at place ", length);
}

at::Tensor checkedStarts(const OptionalTensor& starts, int64_t rows, int64_t length) {
  if (!starts.has_value() || !starts->defined()) return {};
  TORCH_CHECK(starts->is_cpu() && starts->scalar_type() == at::kLong && starts->numel() == rows,
              "expected one int64 start per row, found ", starts->sizes());
  const at::Tensor firsts = starts->contiguous();
  const int64_t* const each = firsts.data_ptr<int64_t>();
  for (int64_t row = 0; row < rows; row++)
    TORCH_CHECK(each[row] >= 0 && each[row] <= length, "start ", each[row], " is not within ", length, " places");
  return firsts;
}

}  // namespace

std::unique_ptr<HeadTasks> cachedHeads(int64_t rows, int64_t heads, const HeadSettings& settings, const at::Tensor& keys,
                                       const at::Tensor& values, int64_t length, const OptionalTensor& starts) {
  checkCaches(keys, values, rows, length);
  const int64_t keyHeads = keys.size(1), width = keys.size(3);
  TORCH_CHECK(keyHeads > 0 && heads > 0 && heads % keyHeads == 0 && width > 0 && width % 2 == 0, "heads ", heads,
              " do not share ", keyHeads);
  TORCH_CHECK(anglesFit(settings, rows, width), "the angles do not fit the heads");
  const DecodeSizes sizes{heads, keyHeads, width, keys.size(2), length, static_cast<float>(settings.scale),
                          static_cast<float>(settings.epsilon)};
  return std::make_unique<CachedHeads>(sizes, settings, keys, values, checkedStarts(starts, rows, length));
}

namespace {

at::Tensor decodeAttention(const at::Tensor& given, const at::Tensor& cosine, const at::Tensor& signedSine,
                           const at::Tensor& keys, const at::Tensor& values, int64_t length,
                           const OptionalTensor& starts, const OptionalTensor& queryNorm,
                           const OptionalTensor& keyNorm, double epsilon, double scale) {
  const at::Tensor all = given.contiguous();
  TORCH_CHECK(isPlainFloat(all) && all.dim() == 4 && all.size(1) == 1 && keys.dim() == 4 && keys.size(3) == all.size(3) &&
                  keys.size(1) > 0,
              "expected float32 [R, 1, heads, D] on the CPU beside caches of that width, found ", all.scalar_type(),
              all.sizes());
  const int64_t rows = all.size(0), width = all.size(3), keyHeads = keys.size(1), heads = all.size(2) - 2 * keyHeads;
  const HeadSettings settings{cosine, signedSine, queryNorm, keyNorm, epsilon, scale};
  const auto tasks = cachedHeads(rows, heads, settings, keys, values, length, starts);
  at::Tensor out = at::empty({rows, 1, heads * width}, all.options());
  const float* const from = all.data_ptr<float>();
  float* const to = out.data_ptr<float>();
  const Range every = tasks->tasksOf({0, rows});
  at::parallel_for(0, every.size(), rowsPerTask(2 * heads / keyHeads * (length + 1) * width),
                   [&](int64_t begin, int64_t end) {
                     std::vector<float> scratch(static_cast<size_t>(tasks->scratch()));
                     tasks->run({begin, end}, from, to, scratch.data());
                   });
  return out;
}

const auto decodeLibrary = defineOnce("decode_attention", [](torch::Library& library) {
  library.def(
      "decode_attention(Tensor all, Tensor cos, Tensor signed_sin, Tensor(a!) keys, Tensor(b!) values, int length, "
      "Tensor? starts, Tensor? query_norm, Tensor? key_norm, float eps, float scale) -> Tensor");
  library.impl("decode_attention", c10::DispatchKey::CPU, decodeAttention);
});

}  // namespace
}  // namespace laurel
