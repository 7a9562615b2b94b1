"""GPU cells and their recorded runs; `helpers.devices` and `helpers.gpu_cells` are its faces.

A *cell* is a function that measures, a *device* the GPU that Keras uses, a *run* what one cell
measured on one device.
"""
