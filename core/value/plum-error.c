/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-error-private.h"

G_DEFINE_ENUM_TYPE (PlumError,
                    plum_error,
                    G_DEFINE_ENUM_VALUE (PLUM_ERROR_NO_GATEWAY, "no-gateway"),
                    G_DEFINE_ENUM_VALUE (PLUM_ERROR_NO_BACKEND, "no-backend"),
                    G_DEFINE_ENUM_VALUE (PLUM_ERROR_TIMED_OUT, "timed-out"),
                    G_DEFINE_ENUM_VALUE (PLUM_ERROR_REFUSED, "refused"),
                    G_DEFINE_ENUM_VALUE (PLUM_ERROR_CONFLICT, "conflict"),
                    G_DEFINE_ENUM_VALUE (PLUM_ERROR_NO_RESOURCES, "no-resources"),
                    G_DEFINE_ENUM_VALUE (PLUM_ERROR_NOT_SUPPORTED, "not-supported"),
                    G_DEFINE_ENUM_VALUE (PLUM_ERROR_MALFORMED, "malformed"),
                    G_DEFINE_ENUM_VALUE (PLUM_ERROR_DESTROYED, "destroyed"),
                    G_DEFINE_ENUM_VALUE (PLUM_ERROR_MODULE, "module"))

/**
 * plum_error_quark:
 *
 * Gets the error domain of this library. See %PLUM_ERROR.
 *
 * Returns: the error domain
 *
 * Since: 1.0
 */
GQuark
plum_error_quark (void)
{
  static GQuark quark;

  if G_UNLIKELY (quark == 0)
    quark = g_quark_from_static_string ("plum-error-quark");
  return quark;
}

gboolean
plum_error_is_final (const GError *error)
{
  return g_error_matches (error, PLUM_ERROR, PLUM_ERROR_REFUSED) ||
         g_error_matches (error, PLUM_ERROR, PLUM_ERROR_CONFLICT) ||
         g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED) ||
         g_error_matches (error, PLUM_ERROR, PLUM_ERROR_DESTROYED);
}
