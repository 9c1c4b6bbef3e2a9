/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define PLUM_LOG_DOMAIN_CORE "Plum"

#define plum_verbose(...) plum_log (PLUM_LOG_DOMAIN_CORE, PLUM_LOG_LEVEL_VERBOSE, __VA_ARGS__)
#define plum_debug(...) plum_log (PLUM_LOG_DOMAIN_CORE, PLUM_LOG_LEVEL_DEBUG, __VA_ARGS__)
#define plum_info(...) plum_log (PLUM_LOG_DOMAIN_CORE, PLUM_LOG_LEVEL_INFO, __VA_ARGS__)
#define plum_warn(...) plum_log (PLUM_LOG_DOMAIN_CORE, PLUM_LOG_LEVEL_WARN, __VA_ARGS__)

/* Whether a message is shown or given to the program: its arguments may take time to make. */
gboolean plum_log_is_wanted (const char *domain, PlumLogLevel level);

G_END_DECLS
