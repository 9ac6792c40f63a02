// laurel::packed_linear: y = x Wᵀ + b (+ r) for few rows of x, as decoding has them. BLAS libraries lay W out anew at
// every call, which costs more than the product itself; here laurel::pack_linears does so once for many calls.
// A row of y does not depend on the other rows: alone or in a batch it has the same bits, on any number of threads.
#include "decoder-parts.h"
#include "tile.h"

#include <vector>

namespace laurel {
namespace {

// Rows of x that one task multiplies by one panel: they stay in the nearest cache.
constexpr int64_t kRowsAtOnce = 32;
// Multiplications worth a thread of their own.
constexpr int64_t kPackedGrain = 1 << 15;

int64_t panelCount(int64_t features) { return (features + panelWidth() - 1) / panelWidth(); }

int64_t panelColumns(int64_t panel, int64_t features) {
  const int64_t left = std::min(panelWidth(), features - panel * panelWidth());
  return (left + kPanelStep - 1) / kPanelStep * kPanelStep;
}

// Columns of all panels.
int64_t packedColumns(int64_t features) {
  const int64_t panels = panelCount(features);
  return panels == 0 ? 0 : (panels - 1) * panelWidth() + panelColumns(panels - 1, features);
}

// [columns, depth] → [depth, width], zeros in columns that do not exist.
LAUREL_KERNEL void packPanel(const float* weight, int64_t columns, int64_t depth, int64_t width, float* panel) {
  for (int64_t k = 0; k < depth; k++)
    for (int64_t column = 0; column < width; column++)
      panel[k * width + column] = column < columns ? weight[column * depth + k] : 0.0f;
}

void packInto(const at::Tensor& weight, at::Tensor& packed) {
  const int64_t features = weight.size(0), depth = weight.size(1);
  const float* const from = weight.data_ptr<float>();
  float* const to = packed.data_ptr<float>();
  at::parallel_for(0, panelCount(features), 1, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; panel++) {
      const int64_t first = panel * panelWidth();
      packPanel(from + first * depth, std::min(panelWidth(), features - first), depth, panelColumns(panel, features),
                to + first * depth);
    }
  });
}

// Matrices that are read in turn stand in one block of memory, which huge pages then cover.
std::vector<at::Tensor> packLinears(at::TensorList weights) {
  int64_t total = 0;
  for (const at::Tensor& weight : weights) {
    TORCH_CHECK(isPlainFloat(weight) && weight.dim() == 2, "expected float32 matrices on the CPU, found ",
                weight.scalar_type(), weight.sizes());
    total += packedColumns(weight.size(0)) * weight.size(1);
  }
  const at::Tensor whole = at::empty({total}, at::TensorOptions().dtype(at::kFloat));
  std::vector<at::Tensor> packed;
  int64_t start = 0;
  for (const at::Tensor& weight : weights) {
    const int64_t columns = packedColumns(weight.size(0)), depth = weight.size(1);
    packed.push_back(whole.narrow(0, start, columns * depth).view({columns, depth}));
    packInto(weight.contiguous(), packed.back());
    start += columns * depth;
  }
  return packed;
}

const float* numbersOf(const c10::optional<at::Tensor>& tensor) {
  return tensor.has_value() && tensor->defined() ? tensor->data_ptr<float>() : nullptr;
}

void multiplyPacked(const at::Tensor& x, const at::Tensor& packed, const float* bias, const float* addend,
                    at::Tensor& y) {
  const int64_t depth = x.size(-1), features = y.size(-1), rows = depth == 0 ? 0 : x.numel() / depth;
  const int64_t panels = panelCount(features), blocks = (rows + kRowsAtOnce - 1) / kRowsAtOnce, width = panelWidth();
  const float *from = x.data_ptr<float>(), *weights = packed.data_ptr<float>();
  float* const to = y.data_ptr<float>();
  const int64_t work = std::max<int64_t>(1, std::min(rows, kRowsAtOnce) * depth * width);
  at::parallel_for(0, panels * blocks, std::max<int64_t>(1, kPackedGrain / work), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t panel = task / blocks, row = task % blocks * kRowsAtOnce, first = panel * width;
      const int64_t place = row * features + first;
      multiplyTile({std::min(kRowsAtOnce, rows - row), depth, panelColumns(panel, features), from + row * depth, depth,
                    1, weights + first * depth, to + place, features, std::min(width, features - first),
                    bias == nullptr ? nullptr : bias + first, addend == nullptr ? nullptr : addend + place});
    }
  });
}

}  // namespace

at::Tensor packedLinear(const at::Tensor& given, const at::Tensor& packed, int64_t features,
                        const c10::optional<at::Tensor>& bias, const c10::optional<at::Tensor>& residual) {
  TORCH_CHECK(isPlainFloat(given) && given.dim() > 0 && isPlainFloat(packed) && packed.is_contiguous() &&
                  packed.dim() == 2 && features > 0 && packed.size(0) == packedColumns(features) &&
                  packed.size(1) == given.size(-1),
              "a packed matrix ", packed.sizes(), " does not turn ", given.sizes(), " into ", features);
  const at::Tensor x = given.contiguous();
  auto shape = x.sizes().vec();
  shape.back() = features;
  at::Tensor y = at::empty(shape, x.options());
  TORCH_CHECK(!bias.has_value() || (isPlainFloat(*bias) && bias->is_contiguous() && bias->numel() == features),
              "expected a bias of ", features, " numbers");
  TORCH_CHECK(!residual.has_value() ||
                  (isPlainFloat(*residual) && residual->is_contiguous() && residual->sizes() == y.sizes()),
              "expected a residual ", y.sizes());
  if (y.numel() > 0) multiplyPacked(x, packed, numbersOf(bias), numbersOf(residual), y);
  return y;
}

namespace {

const auto packedLibrary = defineOnce("packed_linear", [](torch::Library& library) {
  library.def("pack_linears(Tensor[] weights) -> Tensor[]");
  library.impl("pack_linears", c10::DispatchKey::CPU, packLinears);
  library.def("packed_linear(Tensor x, Tensor packed, int features, Tensor? bias=None, Tensor? residual=None) -> Tensor");
  library.impl("packed_linear", c10::DispatchKey::CPU, packedLinear);
});

}  // namespace
}  // namespace laurel
