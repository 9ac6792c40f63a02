// OpenBLAS, where libtorch computes with it.
#pragma once

#include <string>

namespace laurel {

// What one of OpenBLAS's own descriptions says; '' where another BLAS is loaded.
std::string describeOpenBlas(const char* symbol);

// The kernel family that OpenBLAS chose by itself. The first call puts a choice far below the processor right, so it
// comes before any product.
const std::string& openBlasFirstChoice();

}  // namespace laurel
