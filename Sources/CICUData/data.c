/* Empty data for ICU, in the place of 34 MB of locales: beray-fs formats no dates, sorts by bytes, and has no language
   but English. The layout is that of ICU's common data (a header, "ToCP", and a table of contents with no entry), as
   ICU's own "stubdata" library has it. ICU_DATA is the symbol that the toolchain's ICU looks for, such as icudt76_dat. */
#include <stdint.h>

struct header {
  uint16_t header_size;
  uint8_t magic[2];
  uint16_t info_size, info_reserved;
  uint8_t is_big_endian, charset_family, char_size, reserved;
  uint8_t data_format[4], format_version[4], data_version[4];
  uint8_t padding[8];
  uint32_t count, count_reserved, no_entry[4];
};

_Static_assert(sizeof(struct header) == 56, "32 bytes of header and an empty table");

const struct header ICU_DATA __attribute__((aligned(16))) = {
  .header_size = 32,
  .magic = {0xda, 0x27},
  .info_size = 20,
  .is_big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
  .char_size = 2,
  .data_format = {'T', 'o', 'C', 'P'},
  .format_version = {1},
};
