/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-log-private.h"

/* Read by every log call, set by the program, on whatever threads they run. */
static int log_level = PLUM_LOG_LEVEL_NONE;

/**
 * plum_set_log_level:
 * @level: the least level to tell of
 *
 * Sets how much of what the library logs is a message.
 *
 * A message at @level or above is logged by [func@GLib.log_structured] as
 * %G_LOG_LEVEL_MESSAGE, with the nick of its level before the text and in the
 * field `PLUM_LOG_LEVEL`. It aborts nothing, not even with
 * `G_DEBUG=fatal-warnings`. What is below @level is logged as %G_LOG_LEVEL_DEBUG,
 * which is dropped unless `G_MESSAGES_DEBUG` names the domain.
 *
 * The default is %PLUM_LOG_LEVEL_NONE.
 *
 * Since: 1.0
 */
void
plum_set_log_level (PlumLogLevel level)
{
  g_return_if_fail (level >= PLUM_LOG_LEVEL_VERBOSE && level <= PLUM_LOG_LEVEL_NONE);

  g_atomic_int_set (&log_level, level);
}

/**
 * plum_get_log_level:
 *
 * Gets the least level that is told of. See [func@Plum.set_log_level].
 *
 * Returns: the level
 *
 * Since: 1.0
 */
PlumLogLevel
plum_get_log_level (void)
{
  return (PlumLogLevel) g_atomic_int_get (&log_level);
}

/**
 * plum_log: (skip)
 * @domain: the log domain: `Plum-` and the name of the backend
 * @level: how much it matters; not %PLUM_LOG_LEVEL_NONE
 * @format: a printf format
 * @...: its arguments
 *
 * Logs a message. The backends of this library log by this function, and those
 * of others may.
 *
 * A message that nobody will see costs no formatting. One of level
 * %PLUM_LOG_LEVEL_FATAL does not abort the process.
 *
 * Since: 1.0
 */
void
plum_log (const char *domain, PlumLogLevel level, const char *format, ...)
{
  g_autoptr (GEnumClass) levels = NULL;
  g_autofree char *text = NULL;
  const char *nick;
  GLogLevelFlags flags;
  va_list args;

  g_return_if_fail (domain != NULL);
  g_return_if_fail (level >= PLUM_LOG_LEVEL_VERBOSE && level < PLUM_LOG_LEVEL_NONE);
  g_return_if_fail (format != NULL);

  flags = level >= plum_get_log_level () ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_DEBUG;
  if (flags == G_LOG_LEVEL_DEBUG && g_log_writer_default_would_drop (flags, domain))
    return;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  levels = g_type_class_ref (PLUM_TYPE_LOG_LEVEL);
  nick = g_enum_get_value (levels, level)->value_nick;
  g_log_structured (domain, flags, "PLUM_LOG_LEVEL", nick, "MESSAGE", "%s: %s", nick, text);
}
