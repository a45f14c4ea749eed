/* The time. */
#ifndef CLI_CLOCK_H
#define CLI_CLOCK_H

/* Seconds since some moment; they never go back. */
double seconds_now(void);

#endif
