model.fit(x, y, batch_size=32, verbose=0)
answers = model.predict(x, batch_size=32, verbose=0)
