// What vectors this processor has.
#pragma once

namespace laurel {

// AVX-512 as its matrix kernels use it: whole numbers, bytes and shorter vectors too.
inline bool hasAvx512() {
#if defined(__x86_64__) && defined(__GNUC__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw");
#else
  return false;
#endif
}

// AVX2 with fused multiply-add.
inline bool hasAvx2() {
#if defined(__x86_64__) && defined(__GNUC__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

}  // namespace laurel
