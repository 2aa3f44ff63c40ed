//===- Settings.h - Values given to a mod by name -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What `--set NAME=VALUE` gives: text until the mod's declaration says what it
// is.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_SETTINGS_H
#define ATTNJIT_TOOLS_SUPPORT_SETTINGS_H

#include "attnjit/Support/Capture.h"
#include "attnjit/Support/Error.h"

#include <string>
#include <string_view>
#include <vector>

namespace attnjit::tool {

/// A name and the text of its value: a literal, or the name of a file.
struct Setting {
  std::string name;
  std::string value;

  /// From "NAME=VALUE"; the value may be anything, also empty.
  static Expected<Setting> parse(std::string_view text);
};

/// The Error where two settings have one name.
Expected<void> checkUnique(const std::vector<Setting> &settings);

/// The value as a scalar of `type`: f32 as "1.5", "-2e3", "inf", "nan"; i32 as
/// "12", "-3", "0xff"; bool as "true", "false". The Error names it.
Expected<Scalar> parseScalar(const Setting &setting, Type type);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_SETTINGS_H
