//===- KernelFaultTest.cpp - Faults put into kernels are rejected ---------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernels that the emitters make, once as they are and once with each fault
// worked into their loops and vectors (the stage `mlir`), compiled and run. The
// comparison with the Reference must accept the first and reject the others.
// Faults are found by what the code around them does; one that is found nowhere
// fails its test, so that a change of the emitters cannot empty it.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "Backend.h"
#include "attnjit/Reference/Reference.h"
#include "attnjit/Target/CPU/Passes.h"
#include "attnjit/Target/Common/CodeGen.h"
#include "attnjit/Target/Common/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Parser/Parser.h"

#include <functional>
#include <ostream>

using namespace attnjit;
using namespace attnjit::test;
using namespace mlir;

namespace {
// Not those of the language.
using mlir::Type;
using mlir::Value;

//===----------------------------------------------------------------------===//
// Faults: each changes a module, and says at how many places
//===----------------------------------------------------------------------===//

bool isConstant(Value value) { return matchPattern(value, m_Constant()); }
bool isZero(Value value) { return matchPattern(value, m_AnyZeroFloat()); }
Value one(OpBuilder &b, Value like) {
  Type type = like.getType();
  TypedAttr number = b.getF32FloatAttr(1);
  if (auto vector = dyn_cast<VectorType>(type))
    number = DenseElementsAttr::get(vector, Attribute(number));
  return arith::ConstantOp::create(b, like.getLoc(), number);
}

/// The loops over the kept keys of a block that multiply weights with v.
int skipTile(ModuleOp module) {
  int places = 0;
  module.walk([&](scf::ForOp loop) {
    if (loop.getNumResults() < 2 || isConstant(loop.getUpperBound()) ||
        !isConstant(loop.getStep()) ||
        !isa<VectorType>(loop.getResultTypes().front()))
      return;
    loop.setLowerBound(loop.getStep());
    ++places;
  });
  return places;
}

/// The last key of the tensor counts as one behind the end.
int skipLastKey(ModuleOp module) {
  int places = 0;
  module.walk([&](vector::BroadcastOp broadcast) {
    auto exists = broadcast.getSource().getDefiningOp<arith::CmpIOp>();
    if (!exists || exists.getPredicate() != arith::CmpIPredicate::slt ||
        !exists.getLhs().getType().isInteger(64))
      return;
    OpBuilder b(exists);
    Value less =
        arith::ConstantOp::create(b, exists.getLoc(), b.getI64IntegerAttr(1));
    exists.getRhsMutable().assign(
        arith::SubIOp::create(b, exists.getLoc(), exists.getRhs(), less));
    ++places;
  });
  return places;
}

/// The mask keeps one more key on one side: `<` becomes `<=` in lanes.
int widenMask(ModuleOp module) {
  int places = 0;
  module.walk([&](arith::CmpIOp compare) {
    if (!isa<VectorType>(compare.getType()) ||
        compare.getPredicate() != arith::CmpIPredicate::slt)
      return;
    compare.setPredicate(arith::CmpIPredicate::sle);
    ++places;
  });
  return places;
}

/// Positions without the offset of the queries (0) or of the keys (1).
int ignoreOffset(ModuleOp module, int ignored) {
  int places = 0;
  module.walk([&](LLVM::LLVMFuncOp function) {
    int ordinal = 0;
    function.walk([&](scf::IfOp choice) {
      if (choice.getNumResults() != 1 ||
          !choice.getResult(0).getType().isInteger(32) ||
          !choice.thenYield().getOperand(0).getDefiningOp<LLVM::LoadOp>() ||
          ordinal++ != ignored)
        return;
      choice.getResult(0).replaceAllUsesWith([&] {
        OpBuilder b(choice);
        return arith::ConstantOp::create(b, choice.getLoc(),
                                         b.getI32IntegerAttr(0))
            .getResult();
      }());
      ++places;
    });
  });
  return places;
}

/// Sums over the keys start from what the item before left.
int keepAccumulator(ModuleOp module) {
  SmallVector<scf::ForOp> found;
  module.walk([&](scf::ForOp loop) {
    bool clears = false;
    for (Operation &op : *loop.getBody()) {
      auto store = dyn_cast<LLVM::StoreOp>(op);
      if (store && isZero(store.getValue()))
        clears = true;
      else if (!isa<LLVM::GEPOp, arith::ConstantOp, scf::YieldOp>(op))
        return;
    }
    // Outside of the loop over the work items nothing has been summed.
    if (clears && loop->getParentOfType<scf::ForOp>())
      found.push_back(loop);
  });
  for (scf::ForOp loop : found)
    loop.erase();
  return static_cast<int>(found.size());
}

enum class Scaled { Sum, Accumulators, All };

/// What was summed so far keeps its scale when the maximum moves. Accumulators
/// are scaled in loops of their own, which store nothing else.
int dropRescale(ModuleOp module, Scaled dropped) {
  int places = 0;
  module.walk([&](arith::MulFOp multiply) {
    auto load = multiply.getLhs().getDefiningOp<LLVM::LoadOp>();
    if (!load || !multiply->hasOneUse())
      return;
    auto store = dyn_cast<LLVM::StoreOp>(*multiply->user_begin());
    if (!store || store.getAddr() != load.getAddr())
      return;
    const bool isAccumulator =
        llvm::hasSingleElement(multiply->getBlock()->getOps<LLVM::StoreOp>());
    if (dropped != Scaled::All &&
        isAccumulator != (dropped == Scaled::Accumulators))
      return;
    multiply.getRhsMutable().assign([&] {
      OpBuilder b(multiply);
      return one(b, multiply.getRhs());
    }());
    ++places;
  });
  return places;
}

/// Query heads share the key heads in turn, not in groups.
int takeOtherKeyHead(ModuleOp module) {
  int places = 0;
  module.walk([&](arith::DivUIOp head) {
    // h / (Hq / Hkv), both being arguments.
    auto group = head.getRhs().getDefiningOp<arith::DivUIOp>();
    if (!group || !group.getLhs().getDefiningOp<LLVM::LoadOp>() ||
        !group.getRhs().getDefiningOp<LLVM::LoadOp>())
      return;
    OpBuilder b(head);
    head.replaceAllUsesWith(
        arith::RemUIOp::create(b, head.getLoc(), head.getLhs(), group.getRhs())
            .getResult());
    ++places;
  });
  return places;
}

/// The loops of the merge, over the splits of a row.
SmallVector<scf::ForOp> mergeLoops(ModuleOp module) {
  SmallVector<scf::ForOp> loops;
  module.walk([&](scf::ForOp loop) {
    if (loop.getNumResults() == 1 && loop.getResult(0).getType().isF32())
      loops.push_back(loop);
  });
  return loops;
}

int skipSplit(ModuleOp module) {
  int places = 0;
  for (scf::ForOp loop : mergeLoops(module)) {
    loop.setLowerBound(loop.getStep());
    ++places;
  }
  return places;
}

/// Accumulators of splits are added as if all had the same maximum.
int mergeWithoutRescale(ModuleOp module) {
  int places = 0;
  for (scf::ForOp loop : mergeLoops(module))
    loop.walk([&](vector::FMAOp add) {
      OpBuilder b(add);
      add.getRhsMutable().assign(one(b, add.getRhs()));
      ++places;
    });
  return places;
}

//===----------------------------------------------------------------------===//
// Running them
//===----------------------------------------------------------------------===//

/// Changes nothing; the same way otherwise.
int nothing(ModuleOp) { return 1; }

struct KernelFault {
  std::string name;
  Entry entry;
  std::function<int(ModuleOp)> apply;
  /// Rising: scores rise along the keys, so that maxima move.
  Data data = Data::Rising;
};

void PrintTo(const KernelFault &fault, std::ostream *stream) {
  *stream << fault.name;
}

class KernelFaults : public testing::TestWithParam<KernelFault> {};

/// Compiles an entry point with a fault.
class BrokenKernel {
public:
  BrokenKernel(const ModProgram &mod, const AttentionSpec &spec,
               const TargetSpec &target, const KernelFault &fault)
      : mod(mod), spec(spec), target(target), fault(fault) {}

  Expected<Kernel> compile() {
    Expected<std::string> text =
        Engine::emit(mod, spec, target, Stage::Mlir, fault.entry);
    if (!text)
      return fail(text.error());
    Expected<std::string> object = breakAndCompile(*text);
    if (!object)
      return fail(object.error());
    // Blocks and workspace as of the right kernel.
    Trace trace;
    Expected<LoadedEntry> loaded = hostBackend().load(
        *object, {canonicalize(mod), spec, target, 0}, fault.entry, trace);
    if (!loaded)
      return fail(loaded.error());
    EntrySource source = [point = loaded->point, own = fault.entry](
                             Entry entry) -> Expected<EntryPoint> {
      if (entry != own)
        return fail(ErrorKind::Internal, "the shape takes another entry point");
      return point;
    };
    return Kernel(Engine::signature(mod, spec, target), std::move(source),
                  makeSerialExecutor());
  }

private:
  Expected<std::string> breakAndCompile(const std::string &text) {
    DialectRegistry registry;
    cpu::registerDependentDialects(registry);
    registerCodeGenTranslations(registry);
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    context.loadAllAvailableDialects();
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    if (!module)
      return fail(ErrorKind::Internal, "the stage `mlir` does not parse");
    if (fault.apply(*module) == 0)
      return fail(ErrorKind::Internal, "no place for this fault was found");
    if (failed(codegen::convertKernelToLLVM(*module)))
      return fail(ErrorKind::Internal, "the broken kernel does not convert");
    Trace trace;
    return generateCode(*module, target, CodeForm::Object, trace);
  }

  const ModProgram &mod;
  const AttentionSpec &spec;
  const TargetSpec &target;
  const KernelFault &fault;
};

} // namespace

/// Several items, blocks and splits; another offset for each batch entry.
static Shape shapeFor(Entry entry) {
  Shape shape = {.B = 2, .Hkv = 2, .group = 3, .Sq = 230, .Skv = 301};
  if (entry == Entry::Decode) {
    shape.Sq = 2;
    shape.Skv = 2103;
  }
  shape.D = 16;
  shape.Dv = 9;
  shape.offsets = Offsets::PerBatch;
  return shape;
}

static void expectVerdict(const KernelFault &fault, const TargetSpec &target,
                          bool isRight) {
  const ModProgram mod =
      parsed(fault.entry == Entry::Prefill
                 ? "mask = kv <= q + 60 and q - kv < 40\n"
                 : "mask = (q + 2 * kv) % 7 != 3 and kv < q + 5000\n");
  Shape shape = shapeFor(fault.entry);
  shape.data = fault.data;
  Problem problem(mod, shape, 5);
  const AttentionSpec spec = problem.spec();
  Expected<Kernel> kernel = BrokenKernel(mod, spec, target, fault).compile();
  ASSERT_TRUE(kernel) << kernel.error().message();
  setCrashNote(fault.name);
  problem.clearOutputs();
  Expected<void> done = kernel->run(problem.args);
  ASSERT_TRUE(done) << done.error().message();
  Expected<CheckReport> report =
      checkAgainstReference(mod, problem.args, {.maxPairs = 1'000'000});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->worstBoundRatio <= shape.boundFactor(), isRight)
      << target.name() << ", worst " << report->worstBoundRatio << " at "
      << report->worst;
}

static void expectVerdictEverywhere(const KernelFault &fault, bool isRight) {
  bool ran = false;
  for (const TargetSpec &target : TargetSpec::cpus())
    if (target.runsHere()) {
      ran = true;
      expectVerdict(fault, target, isRight);
    }
  if (!ran)
    GTEST_SKIP() << "[SKIP] no target runs here";
}

TEST_P(KernelFaults, IsRejected) {
  expectVerdictEverywhere(GetParam(), /*isRight=*/false);
}

TEST(NoKernelFault, IsAccepted) {
  for (Entry entry : {Entry::Prefill, Entry::Decode})
    expectVerdictEverywhere({"none", entry, nothing}, /*isRight=*/true);
}

static std::vector<KernelFault> kernelFaults() {
  auto ignoring = [](int ordinal) {
    return [=](ModuleOp module) { return ignoreOffset(module, ordinal); };
  };
  auto keeping = [](Scaled scaled) {
    return [=](ModuleOp module) { return dropRescale(module, scaled); };
  };
  std::vector<KernelFault> faults;
  for (auto [prefix, entry] :
       {std::pair{"Prefill", Entry::Prefill}, {"Decode", Entry::Decode}})
    for (auto &[name, apply] : std::initializer_list<
             std::pair<const char *, std::function<int(ModuleOp)>>>{
             {"SkippedTile", skipTile},
             {"WrongQueryOffset", ignoring(0)},
             {"WrongKeyOffset", ignoring(1)},
             {"StaleAccumulator", keepAccumulator},
             {"DroppedRescale", keeping(Scaled::All)},
             {"RescaledSumOnly", keeping(Scaled::Accumulators)},
             {"RescaledAccumulatorOnly", keeping(Scaled::Sum)}}) {
      faults.push_back({std::string(prefix) + name, entry, apply});
    }
  faults.push_back({"PrefillSkippedLastKey", Entry::Prefill, skipLastKey});
  faults.push_back({"PrefillWindowTooWide", Entry::Prefill, widenMask});
  faults.push_back({"PrefillWrongKvHead", Entry::Prefill, takeOtherKeyHead});
  // The weights of the first split are most of all.
  faults.push_back(
      {"DecodeSkippedSplit", Entry::Decode, skipSplit, Data::Falling});
  faults.push_back(
      {"DecodeMergeWithoutRescale", Entry::Decode, mergeWithoutRescale});
  return faults;
}

INSTANTIATE_TEST_SUITE_P(All, KernelFaults, testing::ValuesIn(kernelFaults()),
                         [](const auto &info) { return info.param.name; });
