#ifndef CPNGREADER_H
#define CPNGREADER_H
#endif
