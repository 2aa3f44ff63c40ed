//===- RewriteKernel.cpp - From NVPTX IR to host IR -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RewriteKernel.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

#include <algorithm>

namespace attnjit::emulator {

namespace {

constexpr unsigned kShared = 3;

std::string_view view(llvm::StringRef text) {
  return {text.data(), text.size()};
}

tl::unexpected<Error> unsupported(std::string message) {
  return fail(ErrorKind::Unsupported, std::move(message));
}

/// Math that NVPTX cannot select without libdevice: code generation would end
/// the process.
bool isUnselectable(llvm::StringRef name) {
  static constexpr llvm::StringRef kNames[] = {
      "llvm.acos.", "llvm.asin.",  "llvm.atan.", "llvm.atan2.", "llvm.cosh.",
      "llvm.exp.",  "llvm.exp10.", "llvm.log.",  "llvm.log10.", "llvm.log2.",
      "llvm.pow.",  "llvm.powi.",  "llvm.sinh.", "llvm.tan."};
  return llvm::any_of(
      kNames, [&](llvm::StringRef one) { return name.starts_with(one); });
}

class Rewriter {
public:
  Rewriter(llvm::Module &module, RewrittenKernel &kernel)
      : module(module), context(module.getContext()), kernel(kernel),
        pointer(llvm::PointerType::get(context, 0)),
        i64(llvm::Type::getInt64Ty(context)) {}

  void layOutParams(const llvm::Function &function);
  void layOutShared();
  void changeTarget(const llvm::Triple &triple, const llvm::DataLayout &layout);
  Expected<void> rewriteFunction(llvm::Function &function);
  void makeEntry(llvm::Function &function);
  void collectVariables();

private:
  Expected<void> rewriteCall(llvm::CallInst &call, uint32_t ordinal);
  Expected<void> rewriteAsm(llvm::CallInst &call, const llvm::InlineAsm &text,
                            uint32_t ordinal);
  void checkMemoryCall(llvm::MemIntrinsic &call, uint32_t ordinal);
  void replace(llvm::CallInst &call, const Instruction &instruction,
               llvm::ArrayRef<llvm::Value *> operands, uint32_t ordinal);
  void check(llvm::Instruction &instruction, llvm::Value *address,
             llvm::Value *bytes, Access access, uint32_t ordinal);
  void checkAccess(llvm::Instruction &instruction, uint32_t ordinal);
  void noteFence(llvm::FenceInst &fence, uint32_t ordinal);
  Site &addSite(const llvm::Instruction &instruction, uint32_t ordinal);
  llvm::Value *addressOf(const Site &site);
  llvm::FunctionCallee accessCallee() {
    return module.getOrInsertFunction(
        kAccessSymbol, llvm::Type::getVoidTy(context), pointer, pointer, i64);
  }
  llvm::AllocaInst *buffer(llvm::AllocaInst *&slot, llvm::Function &function,
                           llvm::Type *type);

  llvm::Module &module;
  llvm::LLVMContext &context;
  RewrittenKernel &kernel;
  llvm::PointerType *pointer;
  llvm::Type *i64;
  std::vector<uint64_t> paramOffsets;
  std::vector<bool> isByValue;
  llvm::AllocaInst *args = nullptr, *result = nullptr; ///< of this function
};

//===--- parameters and variables -----------------------------------------===//

/// As PTX lays them out: one after the other, each aligned.
void Rewriter::layOutParams(const llvm::Function &function) {
  const llvm::DataLayout &layout = module.getDataLayout();
  uint64_t offset = 0;
  for (const llvm::Argument &argument : function.args()) {
    llvm::Type *type = argument.hasByValAttr() ? argument.getParamByValType()
                                               : argument.getType();
    llvm::Align alignment = layout.getABITypeAlign(type);
    if (argument.hasByValAttr())
      alignment = argument.getParamAlign().value_or(alignment);
    offset = llvm::alignTo(offset, alignment);
    paramOffsets.push_back(offset);
    isByValue.push_back(argument.hasByValAttr());
    offset += layout.getTypeAllocSize(type);
  }
  kernel.paramBytes = offset;
}

/// Variables in shared memory become offsets: those of a size first, then the
/// one of none, whose size the launch gives.
void Rewriter::layOutShared() {
  std::vector<llvm::GlobalVariable *> shared;
  for (llvm::GlobalVariable &variable : module.globals())
    if (variable.getAddressSpace() == kShared)
      shared.push_back(&variable);
  llvm::stable_sort(shared, [](const auto *a, const auto *b) {
    return !a->isDeclaration() && b->isDeclaration();
  });
  const llvm::DataLayout &layout = module.getDataLayout();
  llvm::DenseMap<llvm::GlobalVariable *, uint64_t> offsets;
  uint64_t end = 0;
  for (llvm::GlobalVariable *variable : shared) {
    end = llvm::alignTo(end, variable->getAlign().valueOrOne());
    offsets[variable] = end;
    if (!variable->isDeclaration())
      end += layout.getTypeAllocSize(variable->getValueType());
  }
  kernel.staticSharedBytes = end;

  std::vector<llvm::Constant *> constants(shared.begin(), shared.end());
  llvm::convertUsersOfConstantsToInstructions(constants);
  auto *sharedPointer = llvm::PointerType::get(context, kShared);
  llvm::FunctionCallee base = module.getOrInsertFunction(
      kSharedSymbol, llvm::FunctionType::get(sharedPointer, false));
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    llvm::BasicBlock &entry = function.getEntryBlock();
    llvm::IRBuilder<> builder(&entry, entry.begin());
    llvm::Value *start = nullptr;
    for (llvm::GlobalVariable *variable : shared) {
      llvm::Value *address = nullptr;
      for (llvm::Use &use : llvm::make_early_inc_range(variable->uses())) {
        auto *user = llvm::dyn_cast<llvm::Instruction>(use.getUser());
        if (!user || user->getFunction() != &function)
          continue;
        if (!start)
          start = builder.CreateCall(base, {}, "shared");
        if (!address)
          address = builder.CreatePtrAdd(
              start, llvm::ConstantInt::get(i64, offsets[variable]),
              variable->getName());
        use.set(address);
      }
    }
  }
  for (llvm::GlobalVariable *variable : shared)
    if (variable->use_empty())
      variable->eraseFromParent();
}

/// Global memory of the module, to be looked up after linking.
void Rewriter::collectVariables() {
  const llvm::DataLayout &layout = module.getDataLayout();
  for (llvm::GlobalVariable &variable : module.globals()) {
    if (variable.isDeclaration() || variable.getName().starts_with("llvm."))
      continue;
    std::string name = variable.getName().str();
    variable.setName("attnjit_emulator_variable_" + name);
    variable.setLinkage(llvm::GlobalValue::ExternalLinkage);
    variable.setVisibility(llvm::GlobalValue::DefaultVisibility);
    kernel.variables.push_back(
        {variable.getName().str(), std::move(name),
         layout.getTypeAllocSize(variable.getValueType()),
         variable.isConstant()});
  }
}

//===--- target -----------------------------------------------------------===//

void Rewriter::changeTarget(const llvm::Triple &triple,
                            const llvm::DataLayout &layout) {
  module.setTargetTriple(triple);
  module.setDataLayout(layout);
  for (llvm::NamedMDNode &node :
       llvm::make_early_inc_range(module.named_metadata()))
    if (node.getName().starts_with("nvvm") ||
        node.getName().starts_with("llvm.dbg"))
      module.eraseNamedMetadata(&node);
  for (llvm::Function &function : module) {
    // What code generation for the host could read something into.
    function.setCallingConv(llvm::CallingConv::C);
    llvm::AttributeList attributes;
    function.setAttributes(attributes);
    if (function.isDeclaration())
      continue;
    function.addFnAttr(llvm::Attribute::NoUnwind);
    for (llvm::Instruction &instruction : llvm::instructions(function)) {
      instruction.dropUnknownNonDebugMetadata();
      if (auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
        call->setCallingConv(llvm::CallingConv::C);
        call->setAttributes(attributes);
      }
    }
  }
}

//===--- instructions -----------------------------------------------------===//

Site &Rewriter::addSite(const llvm::Instruction &instruction,
                        uint32_t ordinal) {
  Site &site = kernel.sites.emplace_back();
  site.function = instruction.getFunction()->getName().str();
  site.ordinal = ordinal;
  return site;
}

llvm::Value *Rewriter::addressOf(const Site &site) {
  return llvm::ConstantExpr::getIntToPtr(
      llvm::ConstantInt::get(i64, reinterpret_cast<uint64_t>(&site)), pointer);
}

/// Room for operands or results, shared by all calls of the function: values
/// are taken out at once, and frames of 256 threads have to stay in cache.
llvm::AllocaInst *Rewriter::buffer(llvm::AllocaInst *&slot,
                                   llvm::Function &function, llvm::Type *type) {
  if (!slot) {
    llvm::BasicBlock &entry = function.getEntryBlock();
    llvm::IRBuilder<> builder(&entry, entry.begin());
    slot = builder.CreateAlloca(builder.getInt8Ty(), builder.getInt64(0));
    slot->setAlignment(llvm::Align(16));
  }
  const uint64_t bytes = module.getDataLayout().getTypeAllocSize(type);
  auto *size = llvm::cast<llvm::ConstantInt>(slot->getArraySize());
  if (size->getZExtValue() < bytes)
    slot->setOperand(0, llvm::ConstantInt::get(i64, bytes));
  return slot;
}

void Rewriter::replace(llvm::CallInst &call, const Instruction &instruction,
                       llvm::ArrayRef<llvm::Value *> operands,
                       uint32_t ordinal) {
  Site &site = addSite(call, ordinal);
  site.instruction = &instruction;
  llvm::Function &function = *call.getFunction();
  llvm::IRBuilder<> builder(&call);
  std::vector<llvm::Type *> types;
  for (llvm::Value *operand : operands)
    types.push_back(operand->getType());
  auto *type = llvm::StructType::get(context, types);
  llvm::Value *in = buffer(args, function, type);
  for (auto [i, operand] : llvm::enumerate(operands))
    if (!llvm::isa<llvm::UndefValue>(operand))
      builder.CreateStore(operand, builder.CreateStructGEP(type, in, i));
  const bool hasResult = !call.getType()->isVoidTy();
  llvm::Value *out = buffer(result, function,
                            hasResult ? call.getType() : builder.getInt8Ty());
  llvm::FunctionCallee callee = module.getOrInsertFunction(
      kCallSymbol, builder.getVoidTy(), pointer, pointer, pointer);
  builder.CreateCall(callee, {addressOf(site), in, out});
  if (hasResult)
    call.replaceAllUsesWith(builder.CreateLoad(call.getType(), out));
  call.eraseFromParent();
}

Expected<void> Rewriter::rewriteAsm(llvm::CallInst &call,
                                    const llvm::InlineAsm &text,
                                    uint32_t ordinal) {
  int outputs = 0;
  std::vector<int> inputTiedTo; // by output; -1: none
  std::vector<llvm::Value *> inputs(call.arg_begin(), call.arg_end());
  int input = 0;
  for (const auto &constraint : text.ParseConstraints()) {
    if (constraint.Type == llvm::InlineAsm::isOutput) {
      ++outputs;
      inputTiedTo.push_back(-1);
    } else if (constraint.Type == llvm::InlineAsm::isInput) {
      unsigned tied = 0;
      if (!constraint.Codes.empty() &&
          !llvm::StringRef(constraint.Codes[0]).getAsInteger(10, tied) &&
          tied < inputTiedTo.size())
        inputTiedTo[tied] = input;
      ++input;
    }
  }

  MatchedAsm match;
  if (!matchInlineAsm(view(text.getAsmString()), outputs, match))
    return unsupported(fmt::format("inline PTX `{}` is no pattern that the "
                                   "emulator knows",
                                   view(text.getAsmString())));
  llvm::IRBuilder<> builder(&call);
  std::vector<llvm::Value *> operands;
  for (int i = 0; i < match.operandCount; ++i) {
    const MatchedAsm::Operand &operand = match.operands[i];
    int64_t index = operand.value;
    if (operand.from == MatchedAsm::From::Tied)
      index = inputTiedTo[index];
    llvm::Value *value = nullptr;
    if (operand.from == MatchedAsm::From::Immediate)
      value = builder.getInt32(operand.value);
    else if (index >= 0 && index < static_cast<int64_t>(inputs.size()))
      value = inputs[index];
    if (!value)
      return unsupported(fmt::format("inline PTX `{}` names an operand that "
                                     "it has not",
                                     view(text.getAsmString())));
    if (operand.isAddress && value->getType()->isIntegerTy(32))
      value = builder.CreateZExt(value, i64);
    operands.push_back(value);
  }
  replace(call, *match.instruction, operands, ordinal);
  return {};
}

Expected<void> Rewriter::rewriteCall(llvm::CallInst &call, uint32_t ordinal) {
  if (auto *text = llvm::dyn_cast<llvm::InlineAsm>(call.getCalledOperand()))
    return rewriteAsm(call, *text, ordinal);
  llvm::Function *callee = call.getCalledFunction();
  if (!callee)
    return unsupported("the kernel calls through a pointer");
  const llvm::StringRef name = callee->getName();
  if (const Instruction *instruction = findIntrinsic(view(name))) {
    std::vector<llvm::Value *> operands(call.arg_begin(), call.arg_end());
    replace(call, *instruction, operands, ordinal);
    return {};
  }
  if (name.starts_with("llvm.nvvm."))
    return unsupported(
        fmt::format("the emulator does not know `{}`", view(name)));
  if (isUnselectable(name))
    return unsupported(
        fmt::format("NVPTX has no instruction for `{}`", view(name)));
  if (callee->isDeclaration() && !callee->isIntrinsic())
    return unsupported(fmt::format("the kernel calls `{}`, which the module "
                                   "does not define",
                                   view(name)));
  if (auto *memory = llvm::dyn_cast<llvm::MemIntrinsic>(&call))
    checkMemoryCall(*memory, ordinal);
  return {};
}

//===--- plain memory -----------------------------------------------------===//

void Rewriter::check(llvm::Instruction &instruction, llvm::Value *address,
                     llvm::Value *bytes, Access access, uint32_t ordinal) {
  // The thread's own variables.
  if (llvm::isa<llvm::AllocaInst>(llvm::getUnderlyingObject(address)))
    return;
  access.addressSpace = address->getType()->getPointerAddressSpace();
  Site &site = addSite(instruction, ordinal);
  site.access = access;
  llvm::IRBuilder<> builder(&instruction);
  builder.CreateCall(accessCallee(),
                     {addressOf(site),
                      builder.CreateAddrSpaceCast(address, pointer),
                      builder.CreateZExtOrTrunc(bytes, i64)});
}

void Rewriter::checkAccess(llvm::Instruction &instruction, uint32_t ordinal) {
  Access access;
  llvm::Value *address = nullptr;
  llvm::Type *type = instruction.getType();
  llvm::Align alignment(1);
  if (auto *load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
    address = load->getPointerOperand();
    alignment = load->getAlign();
    access.isAtomic = load->isAtomic();
    access.isRead = true;
  } else if (auto *store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
    address = store->getPointerOperand();
    alignment = store->getAlign();
    type = store->getValueOperand()->getType();
    access.isAtomic = store->isAtomic();
    access.isRelease = llvm::isReleaseOrStronger(store->getOrdering());
    access.isWrite = true;
  } else if (auto *update = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
    address = update->getPointerOperand();
    alignment = update->getAlign();
    access.isRead = access.isWrite = access.isAtomic = true;
    access.isRelease = llvm::isReleaseOrStronger(update->getOrdering());
  } else if (auto *exchange =
                 llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction)) {
    address = exchange->getPointerOperand();
    alignment = exchange->getAlign();
    type = exchange->getNewValOperand()->getType();
    access.isRead = access.isWrite = access.isAtomic = true;
    access.isRelease =
        llvm::isReleaseOrStronger(exchange->getSuccessOrdering());
  } else {
    return;
  }
  access.alignment = alignment.value();
  check(instruction, address,
        llvm::ConstantInt::get(i64,
                               module.getDataLayout().getTypeStoreSize(type)),
        access, ordinal);
}

/// One of a block's scope orders nothing for other blocks.
void Rewriter::noteFence(llvm::FenceInst &fence, uint32_t ordinal) {
  std::optional<llvm::StringRef> scope =
      context.getSyncScopeName(fence.getSyncScopeID());
  Site &site = addSite(fence, ordinal);
  site.access.isFence = true;
  site.access.isRelease = llvm::isReleaseOrStronger(fence.getOrdering()) &&
                          scope != llvm::StringRef("block");
  llvm::IRBuilder<> builder(&fence);
  builder.CreateCall(accessCallee(),
                     {addressOf(site), llvm::ConstantPointerNull::get(pointer),
                      builder.getInt64(0)});
}

void Rewriter::checkMemoryCall(llvm::MemIntrinsic &call, uint32_t ordinal) {
  Access write{.isWrite = true};
  write.alignment = call.getDestAlign().valueOrOne().value();
  check(call, call.getRawDest(), call.getLength(), write, ordinal);
  if (auto *transfer = llvm::dyn_cast<llvm::MemTransferInst>(&call)) {
    Access read{.isRead = true};
    read.alignment = transfer->getSourceAlign().valueOrOne().value();
    check(call, transfer->getRawSource(), call.getLength(), read, ordinal);
  }
}

Expected<void> Rewriter::rewriteFunction(llvm::Function &function) {
  args = result = nullptr;
  std::vector<llvm::Instruction *> work;
  for (llvm::Instruction &instruction : llvm::instructions(function))
    work.push_back(&instruction);
  for (auto [ordinal, instruction] : llvm::enumerate(work)) {
    if (auto *call = llvm::dyn_cast<llvm::CallInst>(instruction)) {
      if (Expected<void> done = rewriteCall(*call, ordinal); !done)
        return done;
    } else if (auto *fence = llvm::dyn_cast<llvm::FenceInst>(instruction)) {
      noteFence(*fence, ordinal);
    } else {
      checkAccess(*instruction, ordinal);
    }
  }
  return {};
}

//===--- entry ------------------------------------------------------------===//

void Rewriter::makeEntry(llvm::Function &function) {
  auto *entry = llvm::Function::Create(
      llvm::FunctionType::get(llvm::Type::getVoidTy(context), {pointer}, false),
      llvm::GlobalValue::ExternalLinkage, kEntrySymbol, module);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "", entry));
  std::vector<llvm::Value *> values;
  for (const llvm::Argument &argument : function.args()) {
    llvm::Value *at =
        builder.CreateConstGEP1_64(builder.getInt8Ty(), entry->getArg(0),
                                   paramOffsets[argument.getArgNo()]);
    if (isByValue[argument.getArgNo()])
      values.push_back(builder.CreateAddrSpaceCast(at, argument.getType()));
    else
      values.push_back(builder.CreateLoad(argument.getType(), at));
  }
  builder.CreateCall(&function, values);
  builder.CreateRetVoid();
}

} // namespace

/// Nobody calls a kernel.
static void eraseOtherKernels(llvm::Module &module,
                              const llvm::Function &kernel) {
  for (llvm::Function &one : llvm::make_early_inc_range(module))
    if (&one != &kernel &&
        one.getCallingConv() == llvm::CallingConv::PTX_Kernel)
      one.eraseFromParent();
}

Expected<RewrittenKernel> rewriteKernel(llvm::Module &module,
                                        std::string_view kernelName,
                                        const llvm::Triple &hostTriple,
                                        const llvm::DataLayout &hostLayout) {
  llvm::Function *function = module.getFunction(kernelName);
  if (!function || function->isDeclaration())
    return fail(ErrorKind::InvalidArgument,
                fmt::format("the module defines no kernel `{}`", kernelName));
  eraseOtherKernels(module, *function);
  RewrittenKernel kernel;
  kernel.flushesSubnormals =
      function->getDenormalMode(llvm::APFloat::IEEEsingle()).Output ==
      llvm::DenormalMode::PreserveSign;
  Rewriter rewriter(module, kernel);
  rewriter.layOutParams(*function);
  // Before anything is added: sites are counted from the text's instructions.
  std::vector<llvm::Function *> functions;
  for (llvm::Function &one : module)
    if (!one.isDeclaration())
      functions.push_back(&one);
  rewriter.changeTarget(hostTriple, hostLayout);
  for (llvm::Function *one : functions)
    if (Expected<void> done = rewriter.rewriteFunction(*one); !done)
      return fail(
          std::move(done.error()).in(fmt::format("kernel `{}`", kernelName)));
  rewriter.layOutShared();
  rewriter.collectVariables();
  rewriter.makeEntry(*function);
  return kernel;
}

} // namespace attnjit::emulator
