/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>

/* The options that several commands share. Each command lists those that it accepts. */
typedef struct
{
  gboolean json;
  gboolean quiet;
  gboolean verbose;
  char *gateway;
  char *interface;
  char **backends;
  char **options; /* NAME.KEY=VALUE */
  double timeout; /* s */
  int max_hops;
  char *stun; /* HOST[:PORT] */
} CommonOptions;

#define COMMON_TIMEOUT_DEFAULT 30.0
#define COMMON_MAX_HOPS 3 /* the most that --max-hops allows */

extern CommonOptions common_options;

#define COMMON_OPTION_JSON                                                                         \
  {                                                                                                \
    "json", 0, 0, G_OPTION_ARG_NONE, &common_options.json, N_ ("Print JSON, one object per line"), \
      NULL                                                                                         \
  }
#define COMMON_OPTION_QUIET                                                                        \
  {                                                                                                \
    "quiet", 'q', 0, G_OPTION_ARG_NONE, &common_options.quiet, N_ ("Print errors only"), NULL      \
  }
#define COMMON_OPTION_VERBOSE                                                                      \
  {                                                                                                \
    "verbose", 'v', 0, G_OPTION_ARG_NONE, &common_options.verbose,                                 \
      N_ ("Log every decision to standard error"), NULL                                            \
  }
#define COMMON_OPTION_GATEWAY                                                                      \
  {                                                                                                \
    "gateway", 'g', 0, G_OPTION_ARG_STRING, &common_options.gateway,                               \
      N_ ("Use the router at ADDRESS"), N_ ("ADDRESS")                                             \
  }
#define COMMON_OPTION_INTERFACE                                                                    \
  {                                                                                                \
    "interface", 'i', 0, G_OPTION_ARG_STRING, &common_options.interface,                           \
      N_ ("Use the router of network interface NAME"), N_ ("NAME")                                 \
  }
#define COMMON_OPTION_BACKEND                                                                      \
  { "backend",                                                                                     \
    'b',                                                                                           \
    0,                                                                                             \
    G_OPTION_ARG_STRING_ARRAY,                                                                     \
    &common_options.backends,                                                                      \
    N_ ("Use only this backend; repeat, or separate with commas, for several"),                    \
    N_ ("NAME") },                                                                                 \
  {                                                                                                \
    "option", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &common_options.options,                          \
      N_ ("Set an option of a backend, such as upnp.location=URL"), N_ ("NAME.KEY=VALUE")          \
  }
#define COMMON_OPTION_MAX_HOPS                                                                     \
  {                                                                                                \
    "max-hops", 0, 0, G_OPTION_ARG_INT, &common_options.max_hops,                                  \
      N_ ("Use up to N routers, from 1 to 3 (default: 2)"), N_ ("N")                               \
  }
#define COMMON_OPTION_TIMEOUT                                                                      \
  {                                                                                                \
    "timeout", 't', 0, G_OPTION_ARG_DOUBLE, &common_options.timeout,                               \
      N_ ("Time limit for the first attempt (default: 30)"), N_ ("SECONDS")                        \
  }

#define COMMON_OPTION_STUN                                                                         \
  {                                                                                                \
    "stun", 0, 0, G_OPTION_ARG_STRING, &common_options.stun,                                       \
      N_ ("Ask this STUN server how the internet sees mapped UDP ports"), N_ ("HOST[:PORT]")       \
  }

gboolean common_options_check (GInetAddress **gateway);
gboolean common_options_apply (PlumManager *manager, int *exit_code);
guint common_options_get_timeout_ms (void);
