np.save("x.npy", x)
x = np.load("x.npy", mmap_mode="r")  # reads what is asked for
