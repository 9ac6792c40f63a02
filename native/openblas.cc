// Which of its kernels OpenBLAS multiplies matrices with. Before 0.3.25 it takes those of Prescott, of 2004, on Intel
// processors that are newer than itself (Raptor Lake, Emerald Rapids and later, OpenMathLib/OpenBLAS#4267), which is
// five to ten times slower than what they can do.
#include <dlfcn.h>

#include <cstdlib>
#include <mutex>
#include <vector>

#include "openblas.h"
#include "processor.h"

namespace laurel {
namespace {

template <typename Function>
Function* findSymbol(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// Families for this processor, widest first; none where Prescott may be right.
std::vector<const char*> familiesHere() {
  std::vector<const char*> families;
  if (hasAvx512()) families.push_back("SkylakeX");
  if (hasAvx2()) families.push_back("Haswell");
  return families;
}

std::string chosen() { return describeOpenBlas("openblas_get_corename"); }

// Lets OpenBLAS choose again, by the variable it reads for this. Before anything else of this process has multiplied,
// one hopes: meanwhile it has no kernels, and other threads must not read the environment.
void chooseAgain(const char* family) {
  const auto quit = findSymbol<void()>("gotoblas_dynamic_quit");
  const auto choose = findSymbol<void()>("gotoblas_dynamic_init");
  if (quit == nullptr || choose == nullptr) return;
  setenv("OPENBLAS_CORETYPE", family, 1);
  quit();
  choose();
  unsetenv("OPENBLAS_CORETYPE");
}

std::string firstChoice;

void correctOpenBlas() {
  firstChoice = chosen();
  if (std::getenv("OPENBLAS_CORETYPE") != nullptr) return;
  // A build without some of the families stays with Prescott.
  for (const char* const family : familiesHere())
    if (chosen() == "Prescott") chooseAgain(family);
}

}  // namespace

std::string describeOpenBlas(const char* symbol) {
  const auto describe = findSymbol<const char*()>(symbol);
  return describe == nullptr ? "" : describe();
}

const std::string& openBlasFirstChoice() {
  static std::once_flag once;
  std::call_once(once, correctOpenBlas);
  return firstChoice;
}

}  // namespace laurel
