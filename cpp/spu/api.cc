// The functions of hawser_spu.h: C values to Python objects and back, around one call of bridge.py each.
#include <cstddef>
#include <string_view>

#include "base/text.h"
#include "spu/channel.h"
#include "spu/interpreter.h"
#include "spu/values.h"

// As Java lays them out.
static_assert(sizeof(hawser_spu_error) == 4096 && offsetof(hawser_spu_error, text) == 4);
static_assert(sizeof(hawser_spu_facts) == 96 && offsetof(hawser_spu_facts, create_with_channels) == 92);
static_assert(sizeof(hawser_spu_live) == 24);
static_assert(sizeof(hawser_spu_array) == 32 && offsetof(hawser_spu_array, shape) == 8);
static_assert(sizeof(hawser_spu_channel) == 5 * sizeof(void*));

namespace {

using hawser::spu::bytes_of;
using hawser::spu::call;
using hawser::spu::channel_methods;
using hawser::spu::enter;
using hawser::spu::held;
using hawser::spu::hold;
using hawser::spu::hold_all;
using hawser::spu::integer;
using hawser::spu::integer_at;
using hawser::spu::list;
using hawser::spu::memory_of;
using hawser::spu::must_be;
using hawser::spu::Raised;
using hawser::spu::Ref;
using hawser::spu::shape_of;
using hawser::spu::text;
using hawser::spu::view;

PyObject* held_tuple(int64_t handle) {
  PyObject* object = held(handle);
  return must_be(PyTuple_Check(object), object, "array");
}

}  // namespace

uint32_t hawser_spu_abi_version(void) { return HAWSER_SPU_ABI_VERSION; }

int32_t hawser_spu_start(const char* environment, hawser_spu_error* error) {
  return hawser::spu::start(environment, error);
}

int32_t hawser_spu_get_facts(hawser_spu_facts* out, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref facts = call("facts", {});
    const auto text_at = [&](Py_ssize_t index) {
      const char* found = PyUnicode_AsUTF8(PyTuple_GET_ITEM(facts.get(), index));
      return found != nullptr ? std::string_view(found) : throw Raised{};
    };
    hawser::copy_text(out->python, text_at(0));
    hawser::copy_text(out->spu, text_at(1));
    out->create_with_channels = static_cast<int32_t>(integer_at(facts.get(), 2));
  });
}

void hawser_spu_release(int64_t object) { hawser::spu::release(object); }

void hawser_spu_sent(int64_t token) { hawser::spu::sent(token); }

int32_t hawser_spu_count_live(hawser_spu_live* out, hawser_spu_error* error) {
  return enter(error, [&] {
    out->objects = hawser::spu::live_objects();
    out->tokens = hawser::spu::live_tokens();
    out->channels = hawser::spu::live_channels();
  });
}

int32_t hawser_spu_bytes(int64_t object, const void** data, int64_t* bytes, hawser_spu_error* error) {
  return enter(error, [&] {
    PyObject* found = held(object);
    must_be(PyBytes_Check(found), found, "bytes");
    *data = PyBytes_AS_STRING(found);
    *bytes = PyBytes_GET_SIZE(found);
  });
}

int32_t hawser_spu_open_link(const char* mode, const char* desc, int32_t rank, const hawser_spu_channel* ops,
                             const int64_t* channels, int32_t count, int64_t* link, hawser_spu_error* error) {
  return enter(error, [&] {
    Ref methods = list(
        count, [&](int64_t i) { return channels[i] == 0 ? Ref::copy(Py_None) : channel_methods(*ops, channels[i]); });
    const Ref mode_text = text(mode), desc_text = text(desc), rank_number = integer(rank);
    *link = hold(call("open_link", {mode_text.get(), desc_text.get(), rank_number.get(), methods.get()}));
  });
}

int32_t hawser_spu_link_place(int64_t link, int32_t* rank, int32_t* world_size, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref place = call("link_place", {held(link)});
    *rank = static_cast<int32_t>(integer_at(place.get(), 0));
    *world_size = static_cast<int32_t>(integer_at(place.get(), 1));
  });
}

int32_t hawser_spu_link_send(int64_t link, int32_t to, const void* data, int64_t bytes, int32_t async,
                             hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref object = Ref::copy(held(link)), peer = integer(to), value = bytes_of(data, bytes);
    call("link_send", {object.get(), peer.get(), value.get(), async != 0 ? Py_True : Py_False});
  });
}

int32_t hawser_spu_link_recv(int64_t link, int32_t from, int64_t* message, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref object = Ref::copy(held(link)), peer = integer(from);
    *message = hold(call("link_recv", {object.get(), peer.get()}));
  });
}

int32_t hawser_spu_stop_link(int64_t link, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref object = Ref::copy(held(link));
    call("stop_link", {object.get()});
  });
}

int32_t hawser_spu_compile(const void* ir, int64_t ir_bytes, const char* ir_type, const int32_t* visibilities,
                           int32_t count, const char* options, int64_t* code, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref source = bytes_of(ir, ir_bytes), type = text(ir_type), options_text = text(options);
    const Ref seen = list(count, [&](int64_t i) { return integer(visibilities[i]); });
    *code = hold(call("compile_ir", {source.get(), type.get(), seen.get(), options_text.get()}));
  });
}

int32_t hawser_spu_executable(const char* name, const char* const* inputs, int32_t input_count,
                              const char* const* outputs, int32_t output_count, const void* code, int64_t code_bytes,
                              int64_t* executable, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref name_text = text(name), code_object = bytes_of(code, code_bytes);
    const Ref input_list = list(input_count, [&](int64_t i) { return text(inputs[i]); });
    const Ref output_list = list(output_count, [&](int64_t i) { return text(outputs[i]); });
    *executable = hold(call("Program", {name_text.get(), input_list.get(), output_list.get(), code_object.get()}));
  });
}

int32_t hawser_spu_make_shares(int32_t world_size, const char* config, const hawser_spu_array* array,
                               int32_t visibility, int32_t owner, int64_t* shares, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref size = integer(world_size), config_text = text(config), type = integer(array->data_type);
    const Ref shape = shape_of(*array);
    const Ref data = view(array->data, array->bytes), seen = integer(visibility), own = integer(owner);
    const Ref made = call("make_shares",
                          {size.get(), config_text.get(), type.get(), shape.get(), data.get(), seen.get(), own.get()});
    hold_all(made.get(), world_size, shares);
  });
}

int32_t hawser_spu_reconstruct(int32_t world_size, const char* config, const int64_t* shares, int32_t count,
                               int64_t* array, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref size = integer(world_size), config_text = text(config);
    const Ref share_list = list(count, [&](int64_t i) { return Ref::copy(held(shares[i])); });
    *array = hold(call("reconstruct", {size.get(), config_text.get(), share_list.get()}));
  });
}

int32_t hawser_spu_read_array(int64_t array, hawser_spu_array* out, hawser_spu_error* error) {
  return enter(error, [&] {
    PyObject* parts = held_tuple(array);
    PyObject* shape = PyTuple_GET_ITEM(parts, 1);
    out->data_type = static_cast<int32_t>(integer_at(parts, 0));
    out->rank = static_cast<int32_t>(PyBytes_GET_SIZE(shape) / static_cast<Py_ssize_t>(sizeof(int64_t)));
    out->shape = reinterpret_cast<const int64_t*>(PyBytes_AS_STRING(shape));
    out->data = memory_of(PyTuple_GET_ITEM(parts, 2), &out->bytes);
  });
}

int32_t hawser_spu_share_of(const void* const* parts, const int64_t* part_bytes, int32_t count, int64_t* share,
                            hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref part_list = list(count, [&](int64_t i) { return bytes_of(parts[i], part_bytes[i]); });
    *share = hold(call("share_of", {part_list.get()}));
  });
}

int32_t hawser_spu_share_parts(int64_t share, int32_t* count, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref parts = call("share_parts", {held(share)});
    *count = static_cast<int32_t>(PyList_GET_SIZE(parts.get()));
  });
}

int32_t hawser_spu_share_part(int64_t share, int32_t index, int64_t* part, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref parts = call("share_parts", {held(share)});
    // Raises IndexError for a part that the share has not.
    PyObject* found = PyList_GetItem(parts.get(), index);
    *part = hold(found != nullptr ? Ref::copy(found) : throw Raised{});
  });
}

int32_t hawser_spu_runtime(int64_t link, const char* config, int64_t* runtime, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref object = Ref::copy(held(link)), config_text = text(config);
    *runtime = hold(call("runtime", {object.get(), config_text.get()}));
  });
}

int32_t hawser_spu_set_var(int64_t runtime, const char* name, int64_t share, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref object = Ref::copy(held(runtime)), value = Ref::copy(held(share)), name_text = text(name);
    call("set_var", {object.get(), name_text.get(), value.get()});
  });
}

int32_t hawser_spu_get_var(int64_t runtime, const char* name, int64_t* share, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref object = Ref::copy(held(runtime)), name_text = text(name);
    *share = hold(call("get_var", {object.get(), name_text.get()}));
  });
}

int32_t hawser_spu_del_var(int64_t runtime, const char* name, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref object = Ref::copy(held(runtime)), name_text = text(name);
    call("del_var", {object.get(), name_text.get()});
  });
}

int32_t hawser_spu_run(int64_t runtime, int64_t executable, hawser_spu_error* error) {
  return enter(error, [&] {
    const Ref object = Ref::copy(held(runtime)), program = Ref::copy(held(executable));
    call("run", {object.get(), program.get()});
  });
}
