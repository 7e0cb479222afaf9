#include "mem/cuda_images.h"

#include <map>
#include <mutex>
#include <string_view>

// HAWSER_FATBIN_<file> is the path of what cuda/<file>.cu was compiled to. Sixteen: as the driver wants it aligned.
#define HAWSER_EMBED(file, path)                         \
  __asm__(                                               \
      ".pushsection .rodata\n"                           \
      ".balign 16\n"                                     \
      "hawser_fatbin_" #file                             \
      ":\n"                                              \
      ".incbin \"" path                                  \
      "\"\n"                                             \
      "hawser_fatbin_" #file                             \
      "_end:\n"                                          \
      ".byte 0\n"                                        \
      ".popsection\n");                                  \
  extern "C" const unsigned char hawser_fatbin_##file[]; \
  extern "C" const unsigned char hawser_fatbin_##file##_end[];

HAWSER_EMBED(bidir_put, HAWSER_FATBIN_bidir_put)
HAWSER_EMBED(unpack, HAWSER_FATBIN_unpack)

namespace hawser::cuda {

#define HAWSER_IMAGE(file) \
  { "hawser_" #file, hawser_fatbin_##file, static_cast<size_t>(hawser_fatbin_##file##_end - hawser_fatbin_##file) }

const Image* images() {
  static const Image all[] = {HAWSER_IMAGE(bidir_put), HAWSER_IMAGE(unpack), {nullptr, nullptr, 0}};
  return all;
}

Status load_image(const Driver& driver, const char* kernel, CUlibrary* out) {
  static std::mutex mutex;
  static auto& loaded = *new std::map<const Image*, CUlibrary>;
  const Image* image = images();
  while (image->data != nullptr && !std::string_view(kernel).starts_with(image->kernels)) ++image;
  if (image->data == nullptr) return {HAWSER_INTERNAL, std::string("there is no kernel ") + kernel};
  const std::scoped_lock lock(mutex);
  CUlibrary& library = loaded[image];
  if (library == nullptr) {
    Status status =
        driver.check(driver.cuLibraryLoadData(&library, image->data, nullptr, nullptr, 0, nullptr, nullptr, 0),
                     "the CUDA driver cannot load Hawser's kernels");
    if (!status.ok()) return status;
  }
  *out = library;
  return {};
}

}  // namespace hawser::cuda
