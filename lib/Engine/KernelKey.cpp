//===- KernelKey.cpp - When two kernels are the same ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The build id is read from the ELF note of the loaded image that holds this
// function.
//
//===----------------------------------------------------------------------===//

#include "KernelKey.h"

#include "attnjit/ABI/KernelArgs.h"

#include "llvm/Config/llvm-config.h"

#include <fmt/format.h>

#include <cstring>
#include <elf.h>
#include <link.h>

namespace attnjit {

namespace {
/// Looks for the image that holds `address`.
struct BuildIdSearch {
  uintptr_t address;
  std::string buildId;
};
} // namespace

/// The NT_GNU_BUILD_ID note in [note, end), in hexadecimal.
static std::string findBuildId(const char *note, const char *end) {
  auto aligned = [](size_t size) { return (size + 3) & ~size_t(3); };
  while (note + sizeof(ElfW(Nhdr)) <= end) {
    ElfW(Nhdr) header;
    std::memcpy(&header, note, sizeof header);
    const char *name = note + sizeof header;
    const char *content = name + aligned(header.n_namesz);
    if (content + header.n_descsz > end)
      break;
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 &&
        !std::memcmp(name, "GNU", 4)) {
      std::string hex;
      for (size_t i = 0; i < header.n_descsz; ++i)
        hex += fmt::format("{:02x}", static_cast<unsigned char>(content[i]));
      return hex;
    }
    note = content + aligned(header.n_descsz);
  }
  return {};
}

static int visitImage(dl_phdr_info *image, size_t, void *data) {
  auto &search = *static_cast<BuildIdSearch *>(data);
  bool holds = false;
  for (int i = 0; i < image->dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = image->dlpi_phdr[i];
    uintptr_t begin = image->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && search.address >= begin &&
        search.address < begin + segment.p_memsz)
      holds = true;
  }
  if (!holds)
    return 0;
  for (int i = 0; i < image->dlpi_phnum && search.buildId.empty(); ++i) {
    const ElfW(Phdr) &segment = image->dlpi_phdr[i];
    const char *begin =
        reinterpret_cast<const char *>(image->dlpi_addr + segment.p_vaddr);
    if (segment.p_type == PT_NOTE)
      search.buildId = findBuildId(begin, begin + segment.p_memsz);
  }
  return 1;
}

const std::string &compilerBuildId() {
  static const std::string id = [] {
    BuildIdSearch search{reinterpret_cast<uintptr_t>(&compilerBuildId), {}};
    dl_iterate_phdr(visitImage, &search);
    return search.buildId;
  }();
  return id;
}

std::string kernelKey(const CanonicalMod &mod, const AttentionSpec &spec,
                      std::string_view scheduleText, const TargetSpec &target) {
  return fmt::format("attn-jit abi {} build {} llvm {}\ntarget {}\n{}\n{}\n{}",
                     ATTNJIT_ABI_VERSION, compilerBuildId(),
                     LLVM_VERSION_STRING, target.name(), spec.keyText(),
                     scheduleText, mod.keyText);
}

} // namespace attnjit
