/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

/* Requests to stop, from the terminal or from another program: signals, or what the system has
 * instead. The numbers are those of the signals. */
typedef enum {
  INTERRUPT_HANGUP = 1, /* SIGHUP */
  INTERRUPT_KEY = 2,    /* SIGINT: Ctrl-C */
  INTERRUPT_STOP = 15,  /* SIGTERM */
} Interrupt;

typedef void (*InterruptFunc) (Interrupt interrupt, gpointer user_data);

/* Calls func in the main loop for each request, which then does not end the program. One at a
 * time. SIGHUP stays ignored if the program was started so, as by nohup(1). */
void interrupts_watch (InterruptFunc func, gpointer user_data);
/* Calls func for SIGHUP even then. */
void interrupts_watch_hangup (void);
void interrupts_unwatch (void);

/* Lets a program that is started ignore SIGHUP if this one does. */
void interrupts_inherit (GSubprocessLauncher *launcher);

/* Passes a request on to a program that this one started, unless the terminal has done that. Does
 * nothing if the system cannot do it. */
void interrupts_forward (Interrupt interrupt, GSubprocess *child);
