/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* Logging in the module's own domain, such as "Plum-pcp". The build defines G_LOG_DOMAIN. */
#define plum_log_verbose(...) plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_VERBOSE, __VA_ARGS__)
#define plum_log_debug(...) plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, __VA_ARGS__)
#define plum_log_info(...) plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_INFO, __VA_ARGS__)
#define plum_log_warn(...) plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_WARN, __VA_ARGS__)
