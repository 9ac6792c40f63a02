// laurel::seeded_dropout: zeroes a share of the elements and scales up the rest. Which ones follows from the seed and
// the element's place alone, so that the backward pass draws them again and nothing is remembered.
#include "fused.h"

namespace laurel {
namespace {

LAUREL_KERNELS_BEGIN

// A permutation of the 32-bit numbers that mixes well: Wellons' lowbias32.
LAUREL_INLINE uint32_t mixed(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

// y_i = x_i scale where the i-th number is at least `threshold`, else 0. `place` is that of the first element.
LAUREL_KERNEL void dropPlaces(const float* x, float* y, int64_t count, uint32_t place, uint32_t low, uint32_t high,
                              uint32_t threshold, float scale) {
  for (int64_t i = 0; i < count; i++) {
    const uint32_t number = mixed(mixed((place + static_cast<uint32_t>(i)) ^ low) ^ high);
    y[i] = number >= threshold ? x[i] * scale : 0.0f;
  }
}

LAUREL_KERNELS_END

struct Draw {
  uint32_t low, high, threshold;
  float scale;
};

Draw drawOf(double share, int64_t seed) {
  const auto bits = static_cast<uint64_t>(seed);
  return {mixed(static_cast<uint32_t>(bits)), mixed(static_cast<uint32_t>(bits >> 32) ^ 0x9e3779b9u),
          static_cast<uint32_t>(share * 4294967296.0), static_cast<float>(1.0 / (1.0 - share))};
}

at::Tensor dropPlain(const at::Tensor& given, const Draw& draw) {
  const at::Tensor x = given.contiguous();
  at::Tensor y = at::empty_like(x);
  const float* const from = x.data_ptr<float>();
  float* const to = y.data_ptr<float>();
  at::parallel_for(0, x.numel(), kLayerGrain, [&](int64_t begin, int64_t end) {
    dropPlaces(from + begin, to + begin, end - begin, static_cast<uint32_t>(begin), draw.low, draw.high,
               draw.threshold, draw.scale);
  });
  return y;
}

// Linear in x, so that its gradient is itself. Other devices and types multiply by what it makes of ones.
at::Tensor dropAny(const at::Tensor& x, const Draw& draw) {
  if (isPlainFloat(x)) return dropPlain(x, draw);
  const at::Tensor ones = at::ones(x.sizes(), at::TensorOptions().dtype(at::kFloat));
  return x * dropPlain(ones, draw).to(x.options());
}

struct DropFunction : torch::autograd::Function<DropFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, double share, int64_t seed) {
    context->saved_data["share"] = share;
    context->saved_data["seed"] = seed;
    return dropPlain(x, drawOf(share, seed));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const double share = context->saved_data["share"].toDouble();
    const int64_t seed = context->saved_data["seed"].toInt();
    const at::Tensor dx = isDifferentiatedAgain() ? apply(gradients[0], share, seed)
                                                  : dropAny(gradients[0], drawOf(share, seed));
    return {dx, at::Tensor(), at::Tensor()};
  }
};

at::Tensor seededDropout(const at::Tensor& x, double share, int64_t seed) {
  TORCH_CHECK(share >= 0 && share < 1, "expected a share of at least 0 and below 1, found ", share);
  if (isPlainFloat(x) && records({x})) return DropFunction::apply(x, share, seed);
  return dropAny(x, drawOf(share, seed));
}

const auto dropoutLibrary = defineOnce("seeded_dropout", [](torch::Library& library) {
  library.def("seeded_dropout(Tensor x, float share, int seed) -> Tensor", seededDropout);
});

}  // namespace
}  // namespace laurel
