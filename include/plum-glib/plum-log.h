/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-enums.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

/**
 * PlumLogFunc:
 * @level: the level of the message
 * @domain: the log domain: `Plum`, or `Plum-` followed by the name of a backend
 * @message: the message, without a newline
 * @user_data: the data that was passed to [func@Plum.log_set_func]
 *
 * Receives a log message.
 *
 * It is called in the thread that logs the message, which is usually the one that runs the main
 * context of a manager. It must be thread-safe if the program has managers in several threads. It
 * must not call functions of this library.
 *
 * Since: 1.0
 */
typedef void (*PlumLogFunc) (PlumLogLevel level,
                             const char *domain,
                             const char *message,
                             gpointer user_data);

PLUM_AVAILABLE_IN_1_0
void plum_log_set_level (PlumLogLevel level);
PLUM_AVAILABLE_IN_1_0
PlumLogLevel plum_log_get_level (void);
PLUM_AVAILABLE_IN_1_0
void plum_log_set_func (PlumLogFunc func, gpointer user_data, GDestroyNotify destroy);
PLUM_AVAILABLE_IN_1_0
void plum_log (const char *domain, PlumLogLevel level, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

G_END_DECLS
