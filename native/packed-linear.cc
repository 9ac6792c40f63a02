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

const float* biasOf(const OptionalTensor& bias, int64_t features) {
  if (!bias.has_value() || !bias->defined()) return nullptr;
  TORCH_CHECK(isPlainFloat(*bias) && bias->is_contiguous() && bias->numel() == features, "expected a bias of ",
              features, " numbers");
  return bias->data_ptr<float>();
}

// Some rows times one panel.
void multiplyPanel(const PackedMatrix& matrix, int64_t panel, const Range& rows, const float* x, const float* addend,
                   float* y) {
  const int64_t depth = matrix.depth, features = matrix.features, first = panel * panelWidth();
  const int64_t place = rows.begin * features + first;
  multiplyTile({rows.size(), depth, panelColumns(panel, features), x + rows.begin * depth, depth, 1,
                matrix.numbers + first * depth, y + place, features, std::min(panelWidth(), features - first),
                matrix.bias == nullptr ? nullptr : matrix.bias + first, addend == nullptr ? nullptr : addend + place});
}

Range rowsAtOnce(int64_t block, int64_t rows) {
  return {block * kRowsAtOnce, std::min(rows, (block + 1) * kRowsAtOnce)};
}

int64_t rowBlocks(int64_t rows) { return (rows + kRowsAtOnce - 1) / kRowsAtOnce; }

}  // namespace

Range PackedMatrix::panels() const { return {0, panelCount(features)}; }

PackedMatrix packedMatrix(const at::Tensor& packed, int64_t features, int64_t depth, const OptionalTensor& bias) {
  TORCH_CHECK(isPlainFloat(packed) && packed.is_contiguous() && packed.dim() == 2 && features > 0 &&
                  packed.size(0) == packedColumns(features) && packed.size(1) == depth,
              "a packed matrix ", packed.sizes(), " does not turn ", depth, " numbers into ", features);
  return {packed.data_ptr<float>(), biasOf(bias, features), depth, features};
}

void multiplyPacked(const PackedMatrix& matrix, const Range& panels, const float* x, int64_t rows, const float* addend,
                    float* y) {
  for (int64_t panel = panels.begin; panel < panels.end; panel++)
    for (int64_t block = 0; block < rowBlocks(rows); block++)
      multiplyPanel(matrix, panel, rowsAtOnce(block, rows), x, addend, y);
}

namespace {

at::Tensor packedLinear(const at::Tensor& given, const at::Tensor& packed, int64_t features,
                        const c10::optional<at::Tensor>& bias, const c10::optional<at::Tensor>& residual) {
  TORCH_CHECK(isPlainFloat(given) && given.dim() > 0, "expected float32 on the CPU, found ", given.scalar_type(),
              given.sizes());
  const PackedMatrix matrix = packedMatrix(packed, features, given.size(-1), bias);
  const at::Tensor x = given.contiguous();
  auto shape = x.sizes().vec();
  shape.back() = features;
  at::Tensor y = at::empty(shape, x.options());
  TORCH_CHECK(!residual.has_value() ||
                  (isPlainFloat(*residual) && residual->is_contiguous() && residual->sizes() == y.sizes()),
              "expected a residual ", y.sizes());
  const int64_t rows = y.numel() / features, blocks = rowBlocks(rows);
  const float *const from = x.data_ptr<float>(), *const addend = numbersOf(residual);
  float* const to = y.data_ptr<float>();
  const int64_t work = std::max<int64_t>(1, std::min(rows, kRowsAtOnce) * matrix.depth * panelWidth());
  at::parallel_for(0, matrix.panels().size() * blocks, std::max<int64_t>(1, kPackedGrain / work),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t task = begin; task < end; task++)
                       multiplyPanel(matrix, task / blocks, rowsAtOnce(task % blocks, rows), from, addend, to);
                   });
  return y;
}

const auto packedLibrary = defineOnce("packed_linear", [](torch::Library& library) {
  library.def("pack_linears(Tensor[] weights) -> Tensor[]");
  library.impl("pack_linears", c10::DispatchKey::CPU, packLinears);
  library.def("packed_linear(Tensor x, Tensor packed, int features, Tensor? bias=None, Tensor? residual=None) -> Tensor");
  library.impl("packed_linear", c10::DispatchKey::CPU, packedLinear);
});

}  // namespace
}  // namespace laurel
