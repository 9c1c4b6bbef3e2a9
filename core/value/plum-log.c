/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-log-private.h"

/* Atomic: any thread may access it. */
static int log_level = PLUM_LOG_LEVEL_NONE;

/**
 * plum_set_log_level:
 * @level: the lowest level of the messages to show
 *
 * Sets the lowest level of the log messages to show. The default is %PLUM_LOG_LEVEL_NONE.
 *
 * The library passes a message of this level or a higher one to [func@GLib.log_structured] with
 * %G_LOG_LEVEL_MESSAGE. It passes messages of lower levels with %G_LOG_LEVEL_DEBUG; GLib drops
 * these unless `G_MESSAGES_DEBUG` contains the log domain. The nick of the level precedes the text,
 * and the field `PLUM_LOG_LEVEL` contains it.
 *
 * No message aborts the process, not even if `G_DEBUG` contains `fatal-warnings`. This function may
 * be called from any thread.
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
 * Gets the lowest level of the log messages to show. See [func@Plum.set_log_level].
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
 * @domain: the log domain: `Plum-`, followed by the name of the backend
 * @level: the level of the message; not %PLUM_LOG_LEVEL_NONE
 * @format: a `printf()` format string
 * @...: the arguments of the format string
 *
 * Logs a message. The backends of this library use this function; third-party backends may use it.
 *
 * The arguments are formatted only if the message is shown. A message of the level
 * %PLUM_LOG_LEVEL_FATAL does not abort the process. This function may be called from any thread.
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
