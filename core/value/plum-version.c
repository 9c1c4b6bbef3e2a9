/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

/**
 * plum_get_version:
 *
 * Gets the version of the library that the program runs with, which may be newer
 * than the [const@Plum.MAJOR_VERSION] and its companions that it was compiled with.
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
