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

/**
 * plum_get_major_version:
 *
 * Gets the major version of the library that the program runs with.
 *
 * See [const@Plum.MAJOR_VERSION] for the version that the program was compiled against.
 *
 * Returns: the major version, such as 1 for `1.2.3`
 *
 * Since: 1.0
 */
guint
plum_get_major_version (void)
{
  return PLUM_MAJOR_VERSION;
}

/**
 * plum_get_minor_version:
 *
 * Gets the minor version of the library that the program runs with.
 *
 * See [const@Plum.MINOR_VERSION] for the version that the program was compiled against.
 *
 * Returns: the minor version, such as 2 for `1.2.3`
 *
 * Since: 1.0
 */
guint
plum_get_minor_version (void)
{
  return PLUM_MINOR_VERSION;
}

/**
 * plum_get_micro_version:
 *
 * Gets the micro version of the library that the program runs with.
 *
 * See [const@Plum.MICRO_VERSION] for the version that the program was compiled against.
 *
 * Returns: the micro version, such as 3 for `1.2.3`
 *
 * Since: 1.0
 */
guint
plum_get_micro_version (void)
{
  return PLUM_MICRO_VERSION;
}

/**
 * plum_check_version:
 * @required_major: the required major version
 * @required_minor: the required minor version
 * @required_micro: the required micro version
 *
 * Checks that the library that the program runs with is compatible with a version.
 *
 * It is compatible if it has the same major version, and is not older. A plugin or a binding calls
 * this with the version that it was compiled against.
 *
 * Returns: (transfer none) (nullable): %NULL if the library is compatible, or a text that says why
 *   it is not. The text is static
 *
 * Since: 1.0
 */
const char *
plum_check_version (guint required_major, guint required_minor, guint required_micro)
{
  if (required_major > PLUM_MAJOR_VERSION)
    return "The plum-glib library is too old: its major version differs";
  if (required_major < PLUM_MAJOR_VERSION)
    return "The plum-glib library is too new: its major version differs";
  if (required_minor > PLUM_MINOR_VERSION)
    return "The plum-glib library is too old: its minor version is lower";
  if (required_minor == PLUM_MINOR_VERSION && required_micro > PLUM_MICRO_VERSION)
    return "The plum-glib library is too old: its micro version is lower";
  return NULL;
}
