// What operators for decoding are made of: the loops inside them.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "fused.h"
#include "panels.h"

namespace laurel {

using OptionalTensor = c10::optional<at::Tensor>;

// y = x / √(mean(x²) + ε) · g for rows of `width`; the factors 1/√… go to `scales` where it is not null.
void normRows(const float* x, const float* weight, float* y, float* scales, int64_t rows, int64_t width, float epsilon);

// silu(gate) ⊙ up of some columns, of rows with `width` of each side by side.
void gateRows(const float* both, float* y, int64_t rows, int64_t width, const Range& columns);

// A matrix that laurel::pack_linears has laid out, and its bias, which may be null.
struct PackedMatrix {
  const float *numbers, *bias;
  int64_t depth, features;
  Range panels() const;
};

// @throws where `packed` is no matrix of so many features and such a depth, or the bias is not theirs.
PackedMatrix packedMatrix(const at::Tensor& packed, int64_t features, int64_t depth, const OptionalTensor& bias);

// y = x Wᵀ + b (+ addend), the columns of some panels. The addend may be y.
void multiplyPacked(const PackedMatrix& matrix, const Range& panels, const float* x, int64_t rows, const float* addend,
                    float* y);

// A norm's numbers; null where there is none.
inline const float* normOf(const OptionalTensor& norm, int64_t width) {
  if (!norm.has_value() || !norm->defined()) return nullptr;
  TORCH_CHECK(isPlainFloat(*norm) && norm->is_contiguous() && norm->numel() == width, "expected a norm of ", width,
              " numbers, found ", norm->sizes());
  return norm->data_ptr<float>();
}

// How heads become queries and keys. The angles are one row of width D for all, or one for each row.
struct HeadSettings {
  at::Tensor cosine, signedSine;
  OptionalTensor queryNorm, keyNorm;
  double epsilon, scale;
};

// Whether the angles are those of rows of one position, or of each.
inline bool anglesFit(const HeadSettings& settings, int64_t rows, int64_t width) {
  const int64_t count = settings.cosine.numel();
  for (const at::Tensor& angles : {settings.cosine, settings.signedSine})
    if (!isPlainFloat(angles) || !angles.is_contiguous() || angles.numel() != count) return false;
  return count == width || count == rows * width;
}

// Attention of one layer for the last token of each row, in tasks that any thread may take.
class HeadTasks {
 public:
  virtual ~HeadTasks() = default;
  // Tasks of rows that stand side by side.
  virtual Range tasksOf(const Range& rows) const = 0;
  // Numbers of memory that one thread needs.
  virtual int64_t scratch() const = 0;
  // projections [R, heads + 2 key heads, D] → out [R, heads, D] of the tasks' rows and heads; keys and values gain a place.
  virtual void run(const Range& tasks, const float* projections, float* out, float* scratch) const = 0;
};

// keys and values [R', K, C, D] gain place `length` of their first R rows; row r sees places starts[r] … length.
std::unique_ptr<HeadTasks> cachedHeads(int64_t rows, int64_t heads, const HeadSettings& settings, const at::Tensor& keys,
                                       const at::Tensor& values, int64_t length, const OptionalTensor& starts);

// Prompts that rows share: row r goes on from prompt owners[r], of which it sees places starts[owners[r]] … length − 1.
// Rows of one prompt stand side by side.
struct SharedPrompts {
  const int64_t *owners, *starts;  // starts may be null: 0
  int64_t length;
  at::Tensor keys, values;
};

// keys and values [R', K, C, D] of the rows' branches gain place `length` of their first R rows. No task reaches over a
// border of `shares` equal shares of the rows.
std::unique_ptr<HeadTasks> branchHeads(int64_t rows, int64_t heads, const HeadSettings& settings,
                                       const SharedPrompts& prompts, const at::Tensor& keys, const at::Tensor& values,
                                       int64_t length, int64_t shares);

}  // namespace laurel
