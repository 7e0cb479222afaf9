// The functions of hawser_spu.h that run StableHLO on this machine's processors, around one call of xla.py each.
#include "spu/interpreter.h"
#include "spu/values.h"

using hawser::spu::bytes_of;
using hawser::spu::call;
using hawser::spu::checked;
using hawser::spu::enter;
using hawser::spu::held;
using hawser::spu::hold;
using hawser::spu::hold_all;
using hawser::spu::integer;
using hawser::spu::integer_at;
using hawser::spu::list;
using hawser::spu::Ref;
using hawser::spu::shape_of;
using hawser::spu::text;
using hawser::spu::view;

int32_t hawser_spu_xla_refine(const void* ir, int64_t ir_bytes, const char* const* shapes, int32_t count,
                              int64_t* refined, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref source = bytes_of(ir, ir_bytes);
    const Ref shape_list = list(count, [&](int64_t i) { return text(shapes[i]); });
    *refined = hold(call("xla_refine", {source.get(), shape_list.get()}));
  });
}

int32_t hawser_spu_xla_compile(const void* ir, int64_t ir_bytes, int64_t* program, int32_t* results,
                               hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref source = bytes_of(ir, ir_bytes);
    const Ref made = call("xla_compile", {source.get()});
    *results = static_cast<int32_t>(integer_at(made.get(), 1));
    *program = hold(Ref::copy(PyTuple_GET_ITEM(made.get(), 0)));
  });
}

int32_t hawser_spu_xla_run(int64_t program, const hawser_spu_array* arguments, int32_t count, int64_t* results,
                           int32_t result_count, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref object = Ref::copy(held(program));
    const Ref argument_list = list(count, [&](int64_t i) {
      const hawser_spu_array& array = arguments[i];
      const Ref type = integer(array.data_type), shape = shape_of(array), data = view(array.data, array.bytes);
      return checked(PyTuple_Pack(3, type.get(), shape.get(), data.get()));
    });
    const Ref made = call("xla_run", {object.get(), argument_list.get()});
    hold_all(made.get(), result_count, results);
  });
}
