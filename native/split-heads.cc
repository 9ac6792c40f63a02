// laurel::split_heads: parts and rotates the heads of a projection; float32 on the CPU, composed elsewhere.
#include "fused.h"

#include <tuple>

namespace laurel {
namespace {

LAUREL_KERNELS_BEGIN

// Where the heads of token (b, t) stand: interleaved as the projection gives them, or apart, [B, heads, T, D].
struct HeadSizes {
  int64_t count, heads, keyHeads, width;
  int64_t all() const { return heads + 2 * keyHeads; }
};

LAUREL_INLINE float* headAt(float* query, float* key, float* value, int64_t head, int64_t row, int64_t t,
                            const HeadSizes& sizes) {
  const auto place = [&](float* base, int64_t heads, int64_t index) {
    return base + ((row * heads + index) * sizes.count + t) * sizes.width;
  };
  if (head < sizes.heads) return place(query, sizes.heads, head);
  if (head < sizes.heads + sizes.keyHeads) return place(key, sizes.keyHeads, head - sizes.heads);
  return place(value, sizes.keyHeads, head - sizes.heads - sizes.keyHeads);
}

LAUREL_KERNEL void splitTokens(const float* together, const float* cosine, const float* signedSine, bool perRow,
                               float* query, float* key, float* value, int64_t begin, int64_t end,
                               const HeadSizes& sizes) {
  const int64_t width = sizes.width, turned = sizes.heads + sizes.keyHeads;
  for (int64_t token = begin; token < end; token++) {
    const int64_t row = token / sizes.count, t = token % sizes.count;
    const int64_t angle = (perRow ? token : t) * width;
    for (int64_t head = 0; head < sizes.all(); head++) {
      const float* from = together + (token * sizes.all() + head) * width;
      float* to = headAt(query, key, value, head, row, t, sizes);
      if (head < turned) rotateOne(from, cosine + angle, signedSine + angle, to, width, 1.0f);
      else std::memcpy(to, from, static_cast<size_t>(width) * sizeof(float));
    }
  }
}

LAUREL_KERNEL void joinTokens(float* query, float* key, float* value, const float* cosine, const float* signedSine,
                              bool perRow, float* together, int64_t begin, int64_t end, const HeadSizes& sizes) {
  const int64_t width = sizes.width, turned = sizes.heads + sizes.keyHeads;
  for (int64_t token = begin; token < end; token++) {
    const int64_t row = token / sizes.count, t = token % sizes.count;
    const int64_t angle = (perRow ? token : t) * width;
    for (int64_t head = 0; head < sizes.all(); head++) {
      const float* from = headAt(query, key, value, head, row, t, sizes);
      float* to = together + (token * sizes.all() + head) * width;
      if (head < turned) rotateOne(from, cosine + angle, signedSine + angle, to, width, -1.0f);
      else std::memcpy(to, from, static_cast<size_t>(width) * sizeof(float));
    }
  }
}

LAUREL_KERNELS_END

using Heads = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

at::Tensor rotateComposed(const at::Tensor& x, const at::Tensor& cosine, const at::Tensor& signedSine) {
  return x * cosine + x.roll({x.size(-1) / 2}, {-1}) * signedSine;
}

Heads splitComposed(const at::Tensor& all, const at::Tensor& cosine, const at::Tensor& signedSine, int64_t heads,
                    int64_t keyHeads) {
  const at::Tensor turned = rotateComposed(all.narrow(2, 0, heads + keyHeads), cosine, signedSine);
  return {turned.narrow(2, 0, heads).transpose(1, 2), turned.narrow(2, heads, keyHeads).transpose(1, 2),
          all.narrow(2, heads + keyHeads, keyHeads).transpose(1, 2)};
}

Heads splitForward(const at::Tensor& given, const at::Tensor& cosine, const at::Tensor& signedSine, int64_t heads,
                   int64_t keyHeads) {
  const at::Tensor all = given.contiguous();
  const int64_t rows = all.size(0), count = all.size(1), width = all.size(3);
  const HeadSizes sizes{count, heads, keyHeads, width};
  at::Tensor query = at::empty({rows, heads, count, width}, all.options());
  at::Tensor key = at::empty({rows, keyHeads, count, width}, all.options()), value = at::empty_like(key);
  const bool perRow = cosine.numel() != count * width;
  const float *from = all.data_ptr<float>(), *c = cosine.data_ptr<float>(), *s = signedSine.data_ptr<float>();
  float *q = query.data_ptr<float>(), *k = key.data_ptr<float>(), *v = value.data_ptr<float>();
  at::parallel_for(0, rows * count, rowsPerTask(sizes.all() * width), [&](int64_t begin, int64_t end) {
    splitTokens(from, c, s, perRow, q, k, v, begin, end, sizes);
  });
  return {query, key, value};
}

at::Tensor splitBackward(const variable_list& gradients, const at::Tensor& cosine, const at::Tensor& signedSine,
                         const HeadSizes& sizes, int64_t rows) {
  const auto dense = [&](const at::Tensor& gradient, int64_t heads) {
    if (gradient.defined()) return gradient.contiguous();
    return at::zeros({rows, heads, sizes.count, sizes.width}, cosine.options());
  };
  const at::Tensor query = dense(gradients[0], sizes.heads), key = dense(gradients[1], sizes.keyHeads);
  const at::Tensor value = dense(gradients[2], sizes.keyHeads);
  at::Tensor all = at::empty({rows, sizes.count, sizes.all(), sizes.width}, cosine.options());
  const bool perRow = cosine.numel() != sizes.count * sizes.width;
  const float *c = cosine.data_ptr<float>(), *s = signedSine.data_ptr<float>();
  float *q = query.data_ptr<float>(), *k = key.data_ptr<float>(), *v = value.data_ptr<float>();
  float* const to = all.data_ptr<float>();
  at::parallel_for(0, rows * sizes.count, rowsPerTask(sizes.all() * sizes.width), [&](int64_t begin, int64_t end) {
    joinTokens(q, k, v, c, s, perRow, to, begin, end, sizes);
  });
  return all;
}

struct SplitFunction : torch::autograd::Function<SplitFunction> {
  static variable_list forward(AutogradContext* context, const at::Tensor& all, const at::Tensor& cosine,
                               const at::Tensor& signedSine, int64_t heads, int64_t keyHeads) {
    context->save_for_backward({cosine, signedSine});
    context->saved_data["rows"] = all.size(0);
    context->saved_data["count"] = all.size(1);
    context->saved_data["width"] = all.size(3);
    context->saved_data["heads"] = heads;
    context->saved_data["keyHeads"] = keyHeads;
    const auto [query, key, value] = splitForward(all, cosine, signedSine, heads, keyHeads);
    return {query, key, value};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto number = [&](const char* name) { return context->saved_data[name].toInt(); };
    const HeadSizes sizes{number("count"), number("heads"), number("keyHeads"), number("width")};
    const int64_t rows = number("rows");
    if (!isDifferentiatedAgain())
      return {splitBackward(gradients, saved[0], saved[1], sizes, rows), at::Tensor(), at::Tensor(), at::Tensor(),
              at::Tensor()};
    const auto given = [&](size_t index, int64_t heads) {
      const at::Tensor& gradient = gradients[index];
      if (gradient.defined()) return gradient.transpose(1, 2);
      return at::zeros({rows, sizes.count, heads, sizes.width}, saved[0].options());
    };
    const at::Tensor turned = at::cat({given(0, sizes.heads), given(1, sizes.keyHeads)}, 2);
    const at::Tensor back = rotateComposed(turned, saved[0], -saved[1]);
    return {at::cat({back, given(2, sizes.keyHeads)}, 2), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};


Heads splitHeads(const at::Tensor& all, const at::Tensor& cosine, const at::Tensor& signedSine, int64_t heads,
                 int64_t keyHeads) {
  TORCH_CHECK(all.dim() == 4 && heads > 0 && keyHeads > 0 && all.size(2) == heads + 2 * keyHeads,
              "expected [B, T, ", heads, " + 2·", keyHeads, ", D], found shape ", all.sizes());
  TORCH_CHECK(all.size(3) % 2 == 0 && cosine.sizes() == signedSine.sizes(), "the angles do not fit the heads");
  const bool fits = isPlainFloat(all) && all.numel() > 0 && anglesFit(cosine, all) && anglesFit(signedSine, all);
  if (!fits) return splitComposed(all, cosine, signedSine, heads, keyHeads);
  if (!records({all})) return splitForward(all, cosine, signedSine, heads, keyHeads);
  const auto parts = SplitFunction::apply(all, cosine, signedSine, heads, keyHeads);
  return {parts[0], parts[1], parts[2]};
}

const auto splitLibrary = defineOnce("split_heads", [](torch::Library& library) {
  library.def(
      "split_heads(Tensor all, Tensor cos, Tensor signed_sin, int heads, int key_heads) -> (Tensor, Tensor, Tensor)",
      splitHeads);
});

}  // namespace
}  // namespace laurel
