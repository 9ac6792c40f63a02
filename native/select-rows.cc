// laurel::select_rows_: keeps some rows of several caches [R, H, S, D], in a new order, of the first `length` places only.
//   cache[i, h, s, :] ← cache[rows[i], h, s, :]   for i < N, s < length
#include "fused.h"

#include <vector>

namespace laurel {
namespace {

void checkCaches(at::TensorList caches, const at::Tensor& rows, int64_t length) {
  TORCH_CHECK(rows.dim() == 1 && rows.scalar_type() == at::kLong, "expected rows [N], int64, found ", rows.sizes());
  for (const at::Tensor& cache : caches)
    TORCH_CHECK(cache.dim() == 4 && cache.size(0) >= rows.size(0) && cache.size(2) >= length && length >= 0,
                "a cache of ", cache.sizes(), " does not hold ", rows.size(0), " rows of ", length, " places");
}

void selectComposed(const at::Tensor& cache, const at::Tensor& rows, int64_t length) {
  const at::Tensor used = cache.narrow(2, 0, length);
  used.narrow(0, 0, rows.size(0)).copy_(used.index_select(0, rows));
}

// Blocks of `bytes` bytes, `heads` of a row, `headBytes` apart, rows `rowBytes` apart.
struct RowBlocks {
  int64_t heads, bytes, headBytes, rowBytes;
};

void gatherBlocks(const char* from, const int64_t* rows, int64_t count, const RowBlocks& blocks, char* to) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t head = 0; head < blocks.heads; head++, to += blocks.bytes)
      std::memcpy(to, from + rows[i] * blocks.rowBytes + head * blocks.headBytes, static_cast<size_t>(blocks.bytes));
}

void scatterBlocks(const char* from, int64_t count, const RowBlocks& blocks, char* to) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t head = 0; head < blocks.heads; head++, from += blocks.bytes)
      std::memcpy(to + i * blocks.rowBytes + head * blocks.headBytes, from, static_cast<size_t>(blocks.bytes));
}

void selectPlain(const at::Tensor& cache, const int64_t* rows, int64_t count, int64_t length, std::vector<char>& chosen) {
  const auto size = static_cast<int64_t>(cache.element_size());
  const RowBlocks blocks{cache.size(1), length * cache.size(3) * size, cache.stride(1) * size, cache.stride(0) * size};
  chosen.resize(static_cast<size_t>(count * blocks.heads * blocks.bytes));
  char* const data = static_cast<char*>(cache.data_ptr());
  gatherBlocks(data, rows, count, blocks, chosen.data());
  scatterBlocks(chosen.data(), count, blocks, data);
}

void selectRows(at::TensorList caches, const at::Tensor& given, int64_t length) {
  checkCaches(caches, given, length);
  const at::NoGradGuard withoutGradient;
  const at::Tensor chosen = given.to(at::kCPU).contiguous();
  const int64_t* const rows = chosen.data_ptr<int64_t>();
  for (int64_t i = 0; i < chosen.size(0); i++)
    for (const at::Tensor& cache : caches)
      TORCH_CHECK(rows[i] >= 0 && rows[i] < cache.size(0), "row ", rows[i], " is none of ", cache.size(0));
  std::vector<char> memory;
  for (const at::Tensor& cache : caches) {
    if (cache.is_cpu() && cache.is_contiguous()) selectPlain(cache, rows, chosen.size(0), length, memory);
    else selectComposed(cache, given, length);
    cache.unsafeGetTensorImpl()->bump_version();
  }
}

const auto selectRowsLibrary = defineOnce("select_rows_", [](torch::Library& library) {
  library.def("select_rows_(Tensor(a!)[] caches, Tensor rows, int length) -> ()", selectRows);
});

}  // namespace
}  // namespace laurel
