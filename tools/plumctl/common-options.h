/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* The options that several commands share. A command lists those that it takes. */
typedef struct
{
  gboolean json;
  gboolean quiet;
  gboolean verbose;
  char *gateway;
  char *interface;
  char **backends;
  double timeout; /* s */
} CommonOptions;

#define COMMON_TIMEOUT_DEFAULT 30.0

extern CommonOptions common_options;

#define COMMON_OPTION_JSON                                                                         \
  {                                                                                                \
    "json", 0, 0, G_OPTION_ARG_NONE, &common_options.json, "Write JSON, one object a line", NULL   \
  }
#define COMMON_OPTION_QUIET                                                                        \
  {                                                                                                \
    "quiet", 'q', 0, G_OPTION_ARG_NONE, &common_options.quiet, "Write errors only", NULL           \
  }
#define COMMON_OPTION_VERBOSE                                                                      \
  {                                                                                                \
    "verbose", 'v', 0, G_OPTION_ARG_NONE, &common_options.verbose,                                 \
      "Write every decision to standard error", NULL                                               \
  }
#define COMMON_OPTION_GATEWAY                                                                      \
  {                                                                                                \
    "gateway", 'g', 0, G_OPTION_ARG_STRING, &common_options.gateway, "Ask the router at ADDRESS",  \
      "ADDRESS"                                                                                    \
  }
#define COMMON_OPTION_INTERFACE                                                                    \
  {                                                                                                \
    "interface", 'i', 0, G_OPTION_ARG_STRING, &common_options.interface,                           \
      "Ask the router behind the network interface NAME", "NAME"                                   \
  }
#define COMMON_OPTION_BACKEND                                                                      \
  {                                                                                                \
    "backend", 'b', 0, G_OPTION_ARG_STRING_ARRAY, &common_options.backends,                        \
      "Use this backend only; again, or with commas, for several in order", "NAME"                 \
  }
#define COMMON_OPTION_TIMEOUT                                                                      \
  {                                                                                                \
    "timeout", 't', 0, G_OPTION_ARG_DOUBLE, &common_options.timeout,                               \
      "Seconds for the first attempt (30)", "SECONDS"                                              \
  }

gboolean common_options_check (GInetAddress **gateway);
gboolean common_options_apply (PlumManager *manager, int *exit_code);
guint common_options_get_timeout_ms (void);
