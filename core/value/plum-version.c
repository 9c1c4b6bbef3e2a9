/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

/**
 * plum_get_version:
 *
 * Gets the version of the library that the program runs with.
 *
 * It may be newer than the version that the program was compiled against, which
 * [const@Plum.MAJOR_VERSION], [const@Plum.MINOR_VERSION] and [const@Plum.MICRO_VERSION] define.
 *
 * Returns: (transfer none): the version, such as `1.2.3`
 *
 * Since: 1.0
 */
const char *
plum_get_version (void)
{
  return PLUM_VERSION;
}
